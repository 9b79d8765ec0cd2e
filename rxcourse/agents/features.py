"""Features: an observation as a row of numbers, of which a value is the weighted sum.

A feature function maps observations (..., *obs) to rows (..., n). Any function will do;
these are the usual ones.
"""

from __future__ import annotations

import numpy as np

from rxcourse import validate

Array = np.ndarray


class Lookup:
    """The features of each state, looked up in a table.

    Parameters
    ----------
    table : ndarray of shape (S, n)
        ``np.eye(S)`` makes a weight for each state, which is a table of values again.
    """

    def __init__(self, table: Array):
        self.table = validate.finite("table", table, ndim=2)
        self.n = self.table.shape[1]

    def __call__(self, obs: Array) -> Array:
        """Map states (...) to rows (..., n)."""
        obs = np.asarray(obs)
        if obs.dtype.kind not in "iu" or (obs.size and not 0 <= obs.min() <= obs.max() < len(self)):
            obs = validate.indices("obs", obs, len(self))
        return self.table[obs]

    def __len__(self) -> int:
        return len(self.table)


class _Scaled:
    """What features of a box share: its corners, and where an observation lies in it."""

    def __init__(self, low, high, per_dimension, name: str):
        self.low = validate.finite("low", low, ndim=1)
        self.high = validate.finite("high", high, ndim=1)
        if self.low.shape != self.high.shape or not (self.low < self.high).all():
            raise ValueError(
                f"low and high must be corners of a box, low below high in each dimension, got "
                f"{self.low.tolist()} and {self.high.tolist()}."
            )
        d = len(self.low)
        per_dimension = np.asarray(per_dimension)
        if per_dimension.shape not in ((), (d,)):
            raise ValueError(f"{name} must be one number, or {d}, got {per_dimension.tolist()}.")
        self.per_dimension = np.array(
            [validate.positive_int(name, k) for k in np.broadcast_to(per_dimension, d)]
        )

    def scaled(self, obs: Array) -> Array:
        """Where observations lie in the box, in [0, 1]; outside counts as on its wall."""
        obs = np.asarray(obs, float)
        if obs.shape[-1:] != self.low.shape:
            raise ValueError(f"obs must have shape (..., {len(self.low)}), got {obs.shape}.")
        return np.clip((obs - self.low) / (self.high - self.low), 0, 1)


class Tiles(_Scaled):
    """Tile coding: several grids over a box, each shifted, and the tile hit in each.

    Tiling k of K is shifted by k (1, 3, 5, ...) / K tiles, each taken modulo 1, so that the
    shifts do not lie on a diagonal.

    Parameters
    ----------
    low, high : ndarrays of shape (d,)
        Corners of the box; what lies outside counts as on its wall.
    tiles : int, or one for each dimension
        Tiles across the box. 1 leaves a dimension out.
    tilings : int
        With one, the box is cut into cells: state aggregation. The textbook advises a power
        of two, at least 4 d.

    Notes
    -----
    A row holds `tilings` ones, so that a step size of 0.1 / tilings moves a value a tenth of
    the way. The table is dense: fit for few dimensions.

    References
    ----------
    Sutton and Barto (2018), section 9.5.4.
    """

    def __init__(self, low, high, *, tiles=8, tilings: int = 8):
        super().__init__(low, high, tiles, "tiles")
        self.tilings = validate.positive_int("tilings", tilings)
        odd = 2 * np.arange(len(self.low)) + 1
        several = self.per_dimension > 1
        self._shift = np.arange(tilings)[:, None] * odd % tilings / tilings * several
        # A shifted grid needs one more tile to cover the box.
        self._across = self.per_dimension + (several & (tilings > 1))
        self._stride = np.append(np.cumprod(self._across[:0:-1])[::-1], 1)
        self._first = np.arange(tilings) * self._across.prod()
        self.n = int(tilings * self._across.prod())

    def indices(self, obs: Array) -> Array:
        """Map observations (..., d) to the tiles that they hit (..., tilings)."""
        # The upper wall belongs to the last tile.
        place = np.minimum(self.scaled(obs) * self.per_dimension, self.per_dimension - 1e-9)
        tile = np.floor(place[..., None, :] + self._shift).astype(np.int64)
        return (tile * self._stride).sum(axis=-1) + self._first

    def __call__(self, obs: Array) -> Array:
        """Map observations (..., d) to rows (..., n) of zeros and ones."""
        hit = self.indices(obs)
        rows = np.zeros((*hit.shape[:-1], self.n))
        np.put_along_axis(rows, hit, 1.0, axis=-1)
        return rows


class RadialBasis(_Scaled):
    r"""Bumps on a grid over a box, each 1 at its centre.

    .. math:: x_i(s) = \exp\big( -\lVert s - c_i \rVert^2 / (2 \, \text{width}^2) \big)

    Parameters
    ----------
    low, high : ndarrays of shape (d,)
        Corners of the box, on which the outermost centres lie.
    centers : int, or one for each dimension
        At least 2.
    width : float
        Of a bump, in distances from one centre to the next.

    References
    ----------
    Sutton and Barto (2018), section 9.5.5.
    """

    def __init__(self, low, high, *, centers=5, width: float = 1.0):
        super().__init__(low, high, centers, "centers")
        if (self.per_dimension < 2).any():
            raise ValueError(f"centers must be at least 2 in each dimension, got {centers}.")
        if not width > 0:
            raise ValueError(f"width must be above 0, got {width!r}.")
        self.width = float(width)
        axes = np.meshgrid(*(np.arange(k) for k in self.per_dimension), indexing="ij")
        self.centers = np.stack([axis.ravel() for axis in axes], axis=-1)  # in grid distances
        self.n = len(self.centers)

    def __call__(self, obs: Array) -> Array:
        """Map observations (..., d) to rows (..., n) of numbers in (0, 1]."""
        place = self.scaled(obs) * (self.per_dimension - 1)
        square = ((place[..., None, :] - self.centers) ** 2).sum(axis=-1)
        return np.exp(-square / (2 * self.width**2))
