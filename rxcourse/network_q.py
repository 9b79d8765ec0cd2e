"""Networks as q-functions on NumPy arrays, and as files.

The rest of the package knows q-functions, not networks: ``Greedy(q)`` acts by one,
``rollout`` plays it, an evaluator asks it, and none of them imports torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete, Space

from rxcourse import __version__, validate
from rxcourse.nets import Architecture, Networks, one_thread
from rxcourse.policy import check_learner

Array = np.ndarray
KIND = "rxcourse networks"
"""What a saved file says of itself."""


@dataclass(frozen=True)
class Features:
    """Observations as rows of 32-bit numbers: boxes laid flat, states one-hot.

    Attributes
    ----------
    shape : tuple of int
        Of one observation; ``()`` for a state.
    n_states : int or None
        Where an observation is a state 0 ... n_states - 1.
    """

    shape: tuple[int, ...]
    n_states: int | None = None

    @classmethod
    def of(cls, space: Space) -> Features:
        """The features of an observation space; refuses what is neither Box nor Discrete."""
        if isinstance(space, Discrete) and space.start == 0:
            return cls((), int(space.n))
        if isinstance(space, Box):
            return cls(tuple(map(int, space.shape)))
        raise ValueError(
            f"a network needs a Box of observations, or Discrete ones counted from 0, got {space}."
        )

    @property
    def n(self) -> int:
        """Numbers in one row."""
        return self.n_states or prod(self.shape)

    def __call__(self, obs: Array) -> Array:
        """Map observations (..., *obs) to rows (..., n), never sharing memory with them."""
        obs = np.asarray(obs)
        if self.n_states is not None:
            rows = np.zeros((*obs.shape, self.n_states), np.float32)
            np.put_along_axis(rows, validate.indices("obs", obs, self.n_states)[..., None], 1, -1)
            return rows
        lead = obs.shape[: obs.ndim - len(self.shape)]
        if obs.shape[len(lead) :] != self.shape:
            dims = ", ".join(map(str, self.shape))
            raise ValueError(f"obs must have shape (..., {dims}), got {obs.shape}.")
        return np.array(obs.reshape(*lead, self.n), np.float32)


class NetworkQ:
    """Action values by networks: a stack of L q-functions, or one.

    Parameters
    ----------
    networks : Networks
    features : Features
    one : bool
        One network as a plain q-function, not as a stack of one.

    Notes
    -----
    Calling it maps observations (L, n, *obs) to values (L, n, A), and ``q[l]`` is learner
    l's q-function, mapping (..., *obs) to (..., A). Both act on copies of the weights.
    """

    def __init__(self, networks: Networks, features: Features, *, one: bool = False):
        diverged = ~networks.weights.isfinite().all(dim=1).numpy()
        if diverged.any():
            raise ValueError(
                f"the weights of learner {diverged.argmax()} are no longer finite: its training "
                "diverged. A smaller learning_rate helps, and so does a target network."
            )
        self.networks, self.features = networks.copy(), features
        self.n_learners = None if one else networks.n_learners

    def __call__(self, obs: Array) -> Array:
        rows = self.features(obs)
        lead = rows.shape[:-1]
        if self.n_learners and lead[:1] != (self.n_learners,):
            raise ValueError(
                f"obs must have shape ({self.n_learners}, n, *obs), one block for each learner of "
                f"the stack, got {np.shape(obs)}. One learner alone is q[l]."
            )
        x = torch.from_numpy(rows).view(self.networks.n_learners, -1, self.features.n)
        with torch.no_grad(), one_thread():
            values = self.networks.values(x)
        return values.numpy().reshape(*lead, -1)

    def __getitem__(self, learner: int) -> NetworkQ:
        return NetworkQ(self.networks[check_learner(self, learner)], self.features, one=True)


def save(path, q: NetworkQ, **hyperparameters) -> None:
    """Write networks to a file, with the numbers and words they were trained with.

    Parameters
    ----------
    path : str or Path
    q : NetworkQ
    **hyperparameters
        Kept beside the weights for whoever opens the file; what is neither number, word
        nor truth value is kept as the word it prints.
    """
    plain = (int, float, str, bool, type(None))
    kept = {k: v if type(v) in plain else str(v) for k, v in hyperparameters.items()}
    content = {"kind": KIND, "version": __version__, "stack": q.n_learners is not None,
               "architecture": asdict(q.networks.architecture), "features": asdict(q.features),
               "weights": q.networks.weights, "hyperparameters": kept}  # fmt: skip
    torch.save(content, path)


def load(path, *, like: NetworkQ | None = None) -> tuple[NetworkQ, dict]:
    """Read what ``save`` wrote. Only tensors and plain values are read: a file runs no code.

    Parameters
    ----------
    path : str or Path
    like : NetworkQ, optional
        Refuse networks of another architecture or for other observations.

    Returns
    -------
    q : NetworkQ
    hyperparameters : dict
        What was saved with it, and the ``version`` of the package that saved it.
    """
    content = _read(Path(path))
    architecture = Architecture(**content["architecture"])
    features = Features(**content["features"])
    if like is not None:
        for name, found, wanted in (("architecture", architecture, like.networks.architecture),
                                    ("observations", features, like.features)):  # fmt: skip
            if found != wanted:
                raise ValueError(f"{path} holds networks of other {name}: {found}, not {wanted}.")
    networks = Networks(architecture, content["weights"])
    q = NetworkQ(networks, features, one=not content["stack"])
    return q, content["hyperparameters"] | {"version": content["version"]}


def _read(path: Path) -> dict:
    if not path.is_file():
        raise ValueError(f"there is no file {path}.")
    try:
        content = torch.load(path, weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError):
        content = None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ValueError(f"{path} must be a file written by rxcourse.network_q.save; it is not.")
    return content
