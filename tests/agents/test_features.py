"""Features: against plain loops, closed forms, and what the textbook says of tiles."""

import numpy as np
import pytest

from rxcourse.agents.features import Lookup, RadialBasis, Tiles

RNG = np.random.default_rng(0)


def plain_tiles(s, low, high, tiles, tilings):
    """The tile of each tiling as a tuple of whole numbers, dimension by dimension."""
    hit = []
    for k in range(tilings):
        corner = [k]
        for i, x in enumerate(s):
            share = min(max((x - low[i]) / (high[i] - low[i]), 0.0), 1.0)
            place = min(share * tiles[i], tiles[i] - 1e-9)
            if tiles[i] > 1:
                place += k * (2 * i + 1) / tilings % 1
            corner.append(int(place))
        hit.append(tuple(corner))
    return hit


@pytest.mark.parametrize("tilings", [1, 4, 8])
@pytest.mark.parametrize("tiles", [(3, 5), (1, 4), (7, 1, 2)])
def test_tiles_are_those_of_plain_loops(tiles, tilings):
    d = len(tiles)
    low, high = -np.arange(1.0, d + 1), np.arange(1.0, d + 1) * 2
    x = Tiles(low, high, tiles=tiles, tilings=tilings)
    s = RNG.uniform(low - 0.5, high + 0.5, size=(400, d))
    names = {}
    for one, row in zip(s, x.indices(s), strict=True):
        for tile, index in zip(plain_tiles(one, low, high, tiles, tilings), row, strict=True):
            assert names.setdefault(tile, index) == index  # one number a tile
    assert len(set(names.values())) == len(names)  # and one tile a number
    assert max(names.values()) < x.n


def test_rows_hold_one_tile_of_each_tiling_and_keep_leading_axes():
    x = Tiles([0, 0], [1, 1], tiles=4, tilings=8)
    s = RNG.random((3, 5, 2))
    rows = x(s)
    assert rows.shape == (3, 5, x.n) and x.n == 8 * 5 * 5
    assert (rows.reshape(3, 5, 8, 25).sum(axis=-1) == 1).all()
    np.testing.assert_array_equal(rows[1, 2], x(s[1, 2]))
    np.testing.assert_array_equal(np.flatnonzero(rows[1, 2]), x.indices(s[1, 2]))


def test_by_hand():
    """Two tilings of two tiles: 0.3 lies at 0.6 of a tile, shifted by a half at 1.1."""
    x = Tiles([0.0], [1.0], tiles=2, tilings=2)
    np.testing.assert_array_equal(x(np.array([0.3])), [1, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(x(np.array([1.0])), [0, 1, 0, 0, 0, 1])
    one = Tiles([0.0], [1.0], tiles=4, tilings=1)  # aggregation: the upper wall is no fifth cell
    np.testing.assert_array_equal(one.indices(np.array([[0.0], [0.25], [1.0]]))[:, 0], [0, 1, 3])


def test_near_points_share_tiles_and_far_ones_none():
    """In one dimension a step of 1 / K of a tile changes exactly one of K tilings."""
    x = Tiles([0.0], [1.0], tiles=4, tilings=8)
    s = np.linspace(0.001, 0.74, 50)[:, None]
    shared = lambda step: (x.indices(s) == x.indices(s + step)).sum(axis=1)  # noqa: E731
    assert (shared(0.25 / 8) == 7).all() and (shared(0.25 / 2) == 4).all()
    assert (shared(0.2501) == 0).all()


def test_shifts_do_not_lie_on_a_diagonal():
    """Sutton and Barto (2018), section 9.5.4: displacement (1, 3), not (1, 1)."""
    x = Tiles([0, 0], [1, 1], tiles=1 + np.ones(2, int), tilings=4)
    np.testing.assert_allclose(x._shift, [[0, 0], [1 / 4, 3 / 4], [2 / 4, 2 / 4], [3 / 4, 1 / 4]])


def test_bumps_are_the_formula():
    x = RadialBasis([0, -1], [2, 1], centers=(3, 5), width=0.8)
    assert x.n == 15
    s = RNG.uniform([0, -1], [2, 1], size=(2, 7, 2))
    centers = np.array([[a, b] for a in (0, 1, 2) for b in (-1, -0.5, 0, 0.5, 1)])
    spacing = np.array([1.0, 0.5])
    square = (((s[..., None, :] - centers) / spacing) ** 2).sum(axis=-1)
    np.testing.assert_allclose(x(s), np.exp(-square / (2 * 0.8**2)), atol=1e-12)


def test_what_is_refused():
    for make, words in (
        (lambda: Tiles([0, 0], [1, 0]), "low below high"),
        (lambda: Tiles([0], [1], tiles=(2, 3)), "tiles must be one number, or 1"),
        (lambda: Tiles([0], [1], tilings=0), "tilings"),
        (lambda: RadialBasis([0], [1], centers=1), "at least 2"),
        (lambda: RadialBasis([0], [1], width=0.0), "width"),
        (lambda: Tiles([0], [1])(np.zeros((3, 2))), r"obs must have shape \(\.\.\., 1\)"),
        (lambda: Lookup(np.eye(3))(np.array([3])), "obs must lie in 0 ... 2"),
    ):
        with pytest.raises(ValueError, match=words):
            make()
