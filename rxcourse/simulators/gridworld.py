"""Three grids of the textbook, as tables and as environments.

A grid is drawn as text: ``.`` a free cell, ``S`` the start, ``G`` an end, ``C`` the
cliff. State ``row * columns + column``, rows from the top. Every move costs 1, moves
against a wall leave the walker where he is, gamma is 1.
"""

from __future__ import annotations

import numpy as np

from rxcourse.mdp import TabularMDP
from rxcourse.simulators.batch import SingleEnv
from rxcourse.simulators.tabular import TabularEnv, TabularVectorEnv

Array = np.ndarray
Layout = tuple[str, ...]

SQUARE: Layout = ("G...", "....", "....", "...G")
WINDY: Layout = (*[".........."] * 3, "S......G..", *[".........."] * 3)
WIND = (0, 0, 0, 1, 1, 1, 2, 2, 1, 0)
"""Rows by which the wind of the column a move starts from carries the walker up."""
CLIFF: Layout = (*["............"] * 3, "SCCCCCCCCCCG")
FALL = -100.0

MOVES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
DIAGONALS = {"up left": (-1, -1), "up right": (-1, 1), "down left": (1, -1), "down right": (1, 1)}
STAY = {"stay": (0, 0)}


def gridworld_4x4() -> TabularMDP:
    """Cells to be crossed to one of two corners; starts in any other cell.

    References
    ----------
    Sutton & Barto (2018), example 4.1: the random policy is worth -14, -18, -20, -22 ...
    """
    return _grid(SQUARE, MOVES)


def windy_gridworld(
    *, king: bool = False, stay: bool = False, stochastic: bool = False
) -> TabularMDP:
    """A crosswind in the middle carries the walker up.

    Parameters
    ----------
    king : bool
        Diagonal moves too.
    stay : bool
        A move that goes nowhere, but with the wind.
    stochastic : bool
        Where there is wind it blows one row more or one row less, each a third of the
        time.

    References
    ----------
    Sutton & Barto (2018), example 6.5 (the best way takes 15 moves), exercises 6.9, 6.10.
    """
    moves = MOVES | (DIAGONALS if king else {}) | (STAY if stay else {})
    return _grid(WINDY, moves, wind=WIND, gusts=(-1, 0, 1) if stochastic else (0,))


def cliff_walking() -> TabularMDP:
    """Along the edge of a cliff: a fall costs 100 and leads back to the start.

    The cells of the cliff are states in which nobody ever is.

    References
    ----------
    Sutton & Barto (2018), example 6.6: the best way returns -13.
    """
    return _grid(CLIFF, MOVES)


def _grid(layout: Layout, moves: dict, *, wind=None, gusts=(0,)) -> TabularMDP:
    """Turn a drawing into tables: one row of P for each cell and move."""
    cells = np.array([list(line) for line in layout])
    n_rows, n_columns = cells.shape
    wind = np.zeros(n_columns, int) if wind is None else np.asarray(wind)
    start = np.flatnonzero(cells == "S")
    P = np.zeros((cells.size, len(moves), cells.size))
    R = np.zeros(P.shape[:2])
    for (row, column), _ in np.ndenumerate(cells):
        blown = {0} if wind[column] == 0 else gusts
        for action, (down, right) in enumerate(moves.values()):
            for gust in blown:
                to_row = np.clip(row + down - wind[column] - gust, 0, n_rows - 1)
                to_column = np.clip(column + right, 0, n_columns - 1)
                falls = cells[to_row, to_column] == "C"
                here, there = row * n_columns + column, to_row * n_columns + to_column
                P[here, action, start[0] if falls else there] += 1 / len(blown)
                R[here, action] += (FALL if falls else -1.0) / len(blown)
    first = cells.ravel() == ("S" if start.size else ".")
    return TabularMDP(
        P, R, first / first.sum(), cells.ravel() == "G", gamma=1.0,
        state_names=[f"row {r} column {c}" for r, c in np.ndindex(cells.shape)],
        action_names=tuple(moves),
    )  # fmt: skip


class GridVectorEnv(TabularVectorEnv):
    """N walkers on a grid that can be drawn.

    Parameters
    ----------
    mdp : TabularMDP
        One state for each cell of `layout`, row by row.
    layout : tuple of str
    num_envs, horizon, render_mode
        As in ``TabularVectorEnv``; `render_mode` may be "rgb_array" too.
    """

    metadata = TabularVectorEnv.metadata | {"render_modes": ["ansi", "rgb_array"]}
    colours = {".": (255, 255, 255), "S": (214, 226, 240), "G": (176, 216, 180), "C": (90, 90, 90)}

    def __init__(self, mdp, layout: Layout, num_envs=1, *, horizon=None, render_mode=None):
        super().__init__(mdp, num_envs, horizon=horizon, render_mode=render_mode)
        self.cells = np.array([list(line) for line in layout])

    def picture(self, row: int) -> str | Array:
        """The map with the walker, ``@``: as text, or as an image of 24 pixels a cell."""
        walker = np.unravel_index(self.state[row], self.cells.shape)
        if self.render_mode == "rgb_array":
            return self._image(walker)
        cells = self.cells.copy()
        cells[walker] = "@"
        return "\n".join("".join(line) for line in cells)

    def _image(self, walker) -> Array:
        size, edge = 24, 1
        image = np.array([[self.colours[cell] for cell in line] for line in self.cells], np.uint8)
        image = image.repeat(size, axis=0).repeat(size, axis=1)
        image[::size] = image[:, ::size] = 200  # the lines of the grid
        top, left = (size * int(i) + size // 4 + edge for i in walker)
        image[top : top + size // 2, left : left + size // 2] = (0, 90, 160)
        return image


class GridEnv(TabularEnv):
    """One walker on a grid."""

    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}

    def __init__(self, batch: GridVectorEnv):
        SingleEnv.__init__(self, batch)


class Gridworld4x4VectorEnv(GridVectorEnv):
    """``gridworld_4x4`` for N walkers."""

    def __init__(self, num_envs: int = 1, **kwargs):
        super().__init__(gridworld_4x4(), SQUARE, num_envs, **kwargs)


class Gridworld4x4Env(GridEnv):
    """``gridworld_4x4`` for one walker."""

    def __init__(self, **kwargs):
        super().__init__(Gridworld4x4VectorEnv(**kwargs))


class WindyGridworldVectorEnv(GridVectorEnv):
    """``windy_gridworld`` for N walkers, with its arguments."""

    def __init__(self, num_envs: int = 1, *, king=False, stay=False, stochastic=False, **kwargs):
        mdp = windy_gridworld(king=king, stay=stay, stochastic=stochastic)
        super().__init__(mdp, WINDY, num_envs, **kwargs)


class WindyGridworldEnv(GridEnv):
    """``windy_gridworld`` for one walker, with its arguments."""

    def __init__(self, **kwargs):
        super().__init__(WindyGridworldVectorEnv(**kwargs))


class CliffWalkingVectorEnv(GridVectorEnv):
    """``cliff_walking`` for N walkers."""

    def __init__(self, num_envs: int = 1, **kwargs):
        super().__init__(cliff_walking(), CLIFF, num_envs, **kwargs)


class CliffWalkingEnv(GridEnv):
    """``cliff_walking`` for one walker."""

    def __init__(self, **kwargs):
        super().__init__(CliffWalkingVectorEnv(**kwargs))
