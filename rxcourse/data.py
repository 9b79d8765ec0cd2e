"""Logged experience: one flat table, one row per decision.

Rows are sorted by (episode, t) and each episode is contiguous. A bandit round is an
episode of one step. ``action`` is what was executed; what a policy proposed before a
shield changed it belongs in ``extra``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import count, takewhile

import numpy as np
import pandas as pd

from rxcourse import validate

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Dataset:
    """Decisions and what followed, from many episodes of many people.

    Parameters
    ----------
    obs, next_obs : ndarray of shape (n, *obs)
        NaN is refused: impute, and add an indicator.
    action : ndarray of int, shape (n,); of numbers, shape (n, k), where ``n_actions`` is 0
    reward : ndarray of shape (n,)
    terminated, truncated : ndarray of bool, shape (n,)
        The process ended; we stopped looking. One of them on the last row of each
        episode, and only there.
    propensity : ndarray of shape (n,)
        Probability (of numbers: density) with which the logged action was chosen; NaN where
        unknown.
    episode, t, person : ndarray of int, shape (n,)
    n_actions : int
        How many actions there are to choose from; 0 where an action is a number.
    cost : ndarray of shape (n,), optional
    extra : dict of ndarrays of shape (n, ...)
        Anything else worth keeping: clinician, proposed action, reward terms.

    Raises
    ------
    ValueError
        Names the column, what was expected and what came.
    """

    obs: Array
    action: Array
    reward: Array
    next_obs: Array
    terminated: Array
    truncated: Array
    propensity: Array
    episode: Array
    t: Array
    person: Array
    n_actions: int
    cost: Array | None = None
    extra: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self):
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("reward", validate.finite("reward", self.reward, ndim=1))
        n = len(self.reward)
        if not n:
            raise ValueError("a Dataset needs at least one row, got none.")
        self._check_lengths(n)
        put("n_actions", _count_of_actions(self.n_actions))
        put("action", self._checked_action(n))
        for name in ("terminated", "truncated"):
            put(name, validate.boolean(name, getattr(self, name), (n,)))
        for name in ("obs", "next_obs"):
            validate.finite(name, getattr(self, name))
            put(name, np.asarray(getattr(self, name)))
        if self.cost is not None:
            put("cost", validate.finite("cost", self.cost, ndim=1))
        put("propensity", self._checked_propensity())
        for name in ("episode", "t", "person"):
            put(name, np.asarray(getattr(self, name)))
            if getattr(self, name).dtype.kind not in "iu":
                raise ValueError(
                    f"{name} must hold whole numbers, got dtype {getattr(self, name).dtype}."
                )
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name} must have shape ({n},), got {getattr(self, name).shape}.")
        put("extra", {name: np.asarray(value) for name, value in self.extra.items()})
        if self.obs.shape != self.next_obs.shape:
            raise ValueError(
                f"next_obs must have the shape of obs, {self.obs.shape}, got {self.next_obs.shape}."
            )
        self._check_order()

    def _checked_action(self, n: int) -> Array:
        if self.n_actions == 0:  # numbers, not choices from a list
            if np.ndim(self.action) != 2:
                raise ValueError(
                    "n_actions must be a whole number of at least 1, or 0 where each action is a "
                    f"row of numbers, shape (n, k); got 0 with shape {np.shape(self.action)}."
                )
            return validate.finite("action", self.action, ndim=2)
        action = validate.indices("action", self.action, self.n_actions)
        if action.shape != (n,):
            raise ValueError(f"action must have shape ({n},), got {action.shape}.")
        return action

    def _checked_propensity(self) -> Array:
        propensity = np.asarray(self.propensity)
        if propensity.dtype.kind not in "fiub":
            raise ValueError(f"propensity must hold numbers, got dtype {propensity.dtype}.")
        propensity = propensity.astype(float)
        if propensity.shape != self.reward.shape:
            raise ValueError(
                f"propensity must have shape {self.reward.shape}, got {propensity.shape}."
            )
        known = ~np.isnan(propensity)
        most = 1.0 if self.n_actions else np.inf  # of numbers it is a density
        if not ((propensity[known] > 0) & (propensity[known] <= most)).all():
            wrong = propensity[known & ~((propensity > 0) & (propensity <= most))][0]
            raise ValueError(
                "propensity must lie in (0, 1], or be NaN where unknown; got "
                f"{wrong:.6g}. A logged action cannot have had probability 0."
            )
        return propensity

    def _check_lengths(self, n: int) -> None:
        """Refuse columns of different lengths; the one that most others contradict is named."""
        if not isinstance(self.extra, Mapping):
            raise ValueError(
                f"extra must be a dict of columns, got {type(self.extra).__name__}; leave it out "
                "if there is nothing."
            )
        if self.propensity is None:
            raise ValueError(f"propensity must have {n} rows, got None; use NaN where unknown.")
        shapes = {name: np.shape(v) for name, v in {**self._columns(), **self.extra}.items()}
        rows = {name: shape[0] if shape else "a single value" for name, shape in shapes.items()}
        if len(set(rows.values())) > 1:
            usual, _ = Counter(rows.values()).most_common(1)[0]
            odd = next(name for name, count in rows.items() if count != usual)
            told = ", ".join(f"{name} {count}" for name, count in rows.items())
            raise ValueError(
                f"{odd} must have {usual} rows like most columns, got {rows[odd]}. Rows of all "
                f"columns: {told}."
            )

    def _check_order(self) -> None:
        same = self.episode[1:] == self.episode[:-1]
        following = self.t[1:] > self.t[:-1]
        wrong = (self.episode[1:] < self.episode[:-1]) | (same & ~following)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0]) + 1
            before, here = (f"episode {self.episode[i]}, t {self.t[i]}" for i in (row - 1, row))
            raise ValueError(
                "rows must be sorted by episode, then by t, without repeats; row "
                f"{row} ({here}) comes after row {row - 1} ({before})."
            )
        ended = self.terminated | self.truncated
        last = np.append(~same, True)
        if (ended != last).any():
            row = int(np.flatnonzero(ended != last)[0])
            told = (
                "ends but the episode goes on"
                if ended[row]
                else "is the last one of "
                "its episode but neither terminated nor truncated (stopped looking?)"
            )
            raise ValueError(f"row {row}, episode {self.episode[row]}, {told}.")
        if (same & (self.person[1:] != self.person[:-1])).any():
            raise ValueError("an episode must belong to one person.")

    def _columns(self) -> dict[str, Array]:
        named = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v for k, v in named.items()
                if k not in ("n_actions", "extra") and v is not None}  # fmt: skip

    def __len__(self) -> int:
        return len(self.reward)

    @cached_property
    def first(self) -> Array:
        """Row at which each episode starts, shape (n_episodes,)."""
        return np.flatnonzero(np.append(True, self.episode[1:] != self.episode[:-1]))

    @property
    def n_episodes(self) -> int:
        return len(self.first)

    @cached_property
    def length(self) -> Array:
        """Steps in each episode, shape (n_episodes,)."""
        return np.diff(np.append(self.first, len(self)))

    @cached_property
    def step(self) -> Array:
        """Place of each row in its episode, counted from 0, shape (n,)."""
        return np.arange(len(self)) - np.repeat(self.first, self.length)

    def returns(self, gamma: float) -> Array:
        """Discounted sum of rewards of each episode, shape (n_episodes,)."""
        gamma = validate.fraction("gamma", gamma)
        return np.add.reduceat(self.reward * gamma**self.step, self.first)

    def padded(self, column: Array, fill=0) -> Array:
        """Lay a column out as (n_episodes, longest, ...), short episodes filled up."""
        column = np.asarray(column)
        if column.shape[:1] != (len(self),):
            raise ValueError(f"column must have {len(self)} rows, got shape {column.shape}.")
        shape = (self.n_episodes, int(self.length.max()), *column.shape[1:])
        wide = np.full(shape, fill, dtype=column.dtype)
        wide[np.repeat(np.arange(self.n_episodes), self.length), self.step] = column
        return wide

    @cached_property
    def lived(self) -> Array:
        """True where a padded cell is a real step, shape (n_episodes, longest)."""
        return self.padded(np.ones(len(self), bool), False)

    def _unit(self, by: str) -> Array:
        if by in ("person", "episode"):
            return getattr(self, by)
        if by in self.extra:
            return self.extra[by]
        raise ValueError(
            f'by must be "person", "episode" or a name in extra {sorted(self.extra)}, got {by!r}.'
        )

    def take(self, rows: Array) -> Dataset:
        """Keep these rows, in this order; they must again make whole episodes."""
        columns = {name: value[rows] for name, value in self._columns().items()}
        return Dataset(**columns, n_actions=self.n_actions,
                       extra={k: v[rows] for k, v in self.extra.items()})  # fmt: skip

    def split(
        self, share: float, *, by: str = "person", rng: np.random.Generator
    ) -> tuple[Dataset, Dataset]:
        """Divide people (or episodes, or a unit in extra) at random into two datasets.

        Parameters
        ----------
        share : float in (0, 1)
            Of the units, in the first part.
        """
        unit = self._unit(by)
        names = validate.generator(rng).permutation(np.unique(unit))
        n_first = round(validate.fraction("share", share) * len(names))
        if not 0 < n_first < len(names):
            raise ValueError(
                f"share {share} of {len(names)} {by}s leaves one part empty; "
                "use a share further inside (0, 1) or more data."
            )
        inside = np.isin(unit, names[:n_first])
        return self.take(np.flatnonzero(inside)), self.take(np.flatnonzero(~inside))

    def folds(self, k: int, *, by: str = "person", rng: np.random.Generator) -> Array:
        """Number of the fold, 0 ... k-1, of each row; a unit is never divided."""
        names, index = np.unique(self._unit(by), return_inverse=True)
        if len(names) < validate.positive_int("k", k):
            raise ValueError(f"{k} folds need at least {k} {by}s, got {len(names)}.")
        return validate.generator(rng).permutation(np.arange(len(names)) % k)[index]

    def resample(
        self, *, by: str = "person", n: int | None = None, rng: np.random.Generator
    ) -> Dataset:
        """Draw units with replacement, each copy renumbered: one bootstrap sample."""
        unit = self._unit(by)
        names = np.unique(unit)
        order = np.argsort(unit, kind="stable")
        counts = np.bincount(np.searchsorted(names, unit), minlength=len(names))
        size = len(names) if n is None else validate.positive_int("n", n)
        drawn = validate.generator(rng).integers(len(names), size=size)
        begin = np.concatenate([[0], counts.cumsum()[:-1]])
        rows = np.concatenate([order[begin[i] : begin[i] + counts[i]] for i in drawn])
        copy = np.repeat(np.arange(len(drawn)), counts[drawn])
        # An episode drawn twice is two episodes, and its person two people.
        changed = (np.diff(copy) != 0) | (np.diff(self.episode[rows]) != 0)
        episode = np.append(0, changed.cumsum())
        pair = np.stack([copy, self.person[rows]])
        person = np.unique(pair, axis=1, return_inverse=True)[1].reshape(-1)
        columns = {name: value[rows] for name, value in self._columns().items()}
        columns |= {"episode": episode, "person": person}
        return Dataset(**columns, n_actions=self.n_actions,
                       extra={k: v[rows] for k, v in self.extra.items()})  # fmt: skip

    def episodes(self) -> Iterator[Dataset]:
        """Each episode by itself."""
        for start, n in zip(self.first, self.length, strict=True):
            yield self.take(np.arange(start, start + n))

    def with_propensity(self, propensity: Array) -> Dataset:
        """The same data with other probabilities of the logged actions."""
        return replace(self, propensity=propensity)

    def with_censoring(self, weight: Array) -> Dataset:
        """Attach inverse-probability-of-censoring weights, one per row, in ``extra``."""
        weight = validate.finite("weight", weight, ndim=1)
        if (weight < 0).any():
            raise ValueError(f"weight must not be negative, got {weight.min():.6g}.")
        return replace(self, extra={**self.extra, "censoring_weight": weight})

    def to_frame(self) -> pd.DataFrame:
        """One column per scalar; obs of shape (n, d) becomes obs_0 ... obs_{d-1}."""
        named = {**self._columns(), **{f"extra_{k}": v for k, v in self.extra.items()}}
        flat = {}
        for name, value in named.items():
            if value.ndim == 1:
                flat[name] = value
            else:
                wide = value.reshape(len(value), -1).T
                flat |= {f"{name}_{i}": column for i, column in enumerate(wide)}
        frame = pd.DataFrame(flat)
        frame.attrs["n_actions"] = self.n_actions
        return frame

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, n_actions: int | None = None) -> Dataset:
        """Undo ``to_frame``; a missing propensity column becomes NaN (unknown)."""
        known = n_actions if n_actions is not None else frame.attrs.get("n_actions")
        if known is None:
            raise ValueError("n_actions must be given: the frame does not carry it.")
        frame = frame.assign(propensity=frame.get("propensity", np.nan))
        columns: dict[str, Array] = {}
        for column in frame:
            # A vector is a name with all numbers from 0 on; week_2 alone is just a name.
            name, _, number = column.rpartition("_")
            parts = list(takewhile(frame.__contains__, (f"{name}_{i}" for i in count())))
            if column not in parts:
                columns[column] = frame[column].to_numpy()
            elif number == "0":
                columns[name] = frame[parts].to_numpy()
        extra = {k[6:]: columns.pop(k) for k in list(columns) if k.startswith("extra_")}
        needed = {f.name for f in fields(cls)} - {"cost", "extra", "n_actions"}
        if missing := sorted(needed - set(columns)):
            raise ValueError(f"the frame lacks the column(s) {', '.join(missing)}.")
        if unknown := sorted(set(columns) - needed - {"cost"}):
            raise ValueError(
                f"the frame has the unknown column(s) {', '.join(unknown)}; begin their names with "
                "extra_ to keep them, or drop them."
            )
        return cls(**columns, n_actions=known, extra=extra)


def _count_of_actions(n_actions) -> int:
    """Return how many actions there are; 0 is allowed and means numbers."""
    zero = isinstance(n_actions, int | np.integer) and not isinstance(n_actions, bool)
    return 0 if zero and n_actions == 0 else validate.positive_int("n_actions", n_actions)
