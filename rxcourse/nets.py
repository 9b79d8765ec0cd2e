"""Many small networks trained side by side, and their values as functions of observations.

L multilayer perceptrons of one architecture are one object. Its arrays have the learner
as their first axis, so that one batched product does for all learners what a loop would
do for each; a learner's gradient never touches another's weights.

The only contract that imports torch: what does not learn with networks leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np
import torch
from torch import Tensor

from rxcourse import validate
from rxcourse.policy import check_learner

Array = np.ndarray


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread inside, as many as before outside.

    Networks this small are slower on several threads, and sums in another order round
    to other numbers.
    """
    before = torch.get_num_threads()
    if before != 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if before != 1:
            torch.set_num_threads(before)


@dataclass(frozen=True)
class Architecture:
    """The form of a network: what goes in, what comes out, what lies between.

    Attributes
    ----------
    n_inputs, n_actions : int
    hidden : tuple of int
        Units of each hidden layer; ``()`` is a linear function.
    dueling : bool
        Learn one value of the observation and an advantage of each action; the action's
        value is the first plus the second minus the mean advantage.
    factors : tuple of A tuples of B whole numbers, optional
        Branching. Action a is ``factors[a][b]`` in branch b, and its value is the sum of
        its branches' outputs: with 4 branches of 5 levels 20 outputs stand for 625 actions.

    References
    ----------
    Wang et al. (2016), "Dueling network architectures", arXiv:1511.06581.
    Tavakoli, Pardo and Kormushev (2018), "Action branching architectures",
    arXiv:1711.08946; there each branch has a loss of its own, here their sum has one.
    """

    n_inputs: int
    n_actions: int
    hidden: tuple[int, ...] = (64, 64)
    dueling: bool = False
    factors: tuple[tuple[int, ...], ...] | None = None

    def __post_init__(self):
        for name in ("n_inputs", "n_actions"):
            validate.positive_int(name, getattr(self, name))
        if isinstance(self.hidden, int | str):
            raise ValueError(f"hidden must list the units of each layer, got {self.hidden!r}.")
        hidden = tuple(validate.positive_int("each of hidden", n) for n in self.hidden)
        object.__setattr__(self, "hidden", hidden)
        if self.factors is not None:
            factors = _branch_indices(self.factors, self.n_actions)
            object.__setattr__(self, "factors", tuple(map(tuple, factors.tolist())))

    @property
    def branches(self) -> tuple[int, ...]:
        """Outputs of each branch; without branching one branch holds all actions."""
        if self.factors is None:
            return (self.n_actions,)
        return tuple(max(levels) + 1 for levels in zip(*self.factors, strict=True))

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        units = (self.n_inputs, *self.hidden, sum(self.branches) + self.dueling)
        return list(zip(units[:-1], units[1:], strict=True))


def _branch_indices(factors, n_actions: int) -> Array:
    """Return `factors` as whole numbers (A, B), refusing two actions that are the same."""
    array = np.asarray(factors)
    if array.ndim != 2 or array.shape[0] != n_actions or not array.size:
        raise ValueError(
            f"factors must have shape (A, B) with A = {n_actions} actions, got {array.shape}."
        )
    array = validate.indices("factors", array, np.iinfo(np.int64).max)
    if len(np.unique(array, axis=0)) < n_actions:
        raise ValueError("factors must differ between any two actions, got two equal rows.")
    return array


class Networks:
    """L networks of one architecture.

    Parameters
    ----------
    architecture : Architecture
    weights : Tensor of shape (L, P)
        All P weights of learner l in row l.

    Notes
    -----
    Each layer's weights are a view of `weights`: copying all networks, or an Adam step of
    all, is one operation on one tensor, whatever the layers are.
    """

    def __init__(self, architecture: Architecture, weights: Tensor):
        self.architecture, self.weights = architecture, weights
        self.n_learners = len(weights)
        self.parameters = [part.requires_grad_() for part in self.parts(weights)]
        self._lay_out_actions()

    @classmethod
    def fresh(
        cls, architecture: Architecture, n_learners: int, *, rng: np.random.Generator
    ) -> Networks:
        """Draw the weights of a layer with n inputs from -1/sqrt(n) to 1/sqrt(n)."""
        validate.positive_int("n_learners", n_learners)
        sizes = [((n_in + 1) * n_out, n_in) for n_in, n_out in architecture.layers]
        bound = np.concatenate([np.full(size, n_in**-0.5) for size, n_in in sizes])
        drawn = validate.generator(rng).uniform(-1, 1, (n_learners, len(bound))) * bound
        return cls(architecture, torch.from_numpy(drawn.astype(np.float32)))

    def parts(self, rows: Tensor) -> list[Tensor]:
        """Rows (L, P) seen layer by layer: weights (L, n_out, n_in), biases (L, n_out, 1)."""
        shapes = []
        for n_in, n_out in self.architecture.layers:
            shapes += [(n_out, n_in), (n_out, 1)]
        columns = rows.split([prod(shape) for shape in shapes], dim=1)
        return [part.view(-1, *shape) for part, shape in zip(columns, shapes, strict=True)]

    def _lay_out_actions(self) -> None:
        """Note the branch indices of each action, and the action of each combination."""
        self.branches = self.architecture.branches
        factors = self.architecture.factors or [(a,) for a in range(self.branches[0])]
        self._factors = torch.tensor(factors).T.contiguous()  # (B, A)
        self.complete = len(factors) == prod(self.branches)
        code = np.ravel_multi_index(tuple(self._factors.numpy()), self.branches)
        self._action_of = torch.from_numpy(np.argsort(code))  # of a combination, if complete

    def outputs(self, x: Tensor) -> list[Tensor]:
        """What the branches say: inputs (L, B, n_inputs) to one (L, levels, B) for each.

        One observation is a column here, so that a layer is W x + b. That is also fast:
        the long batch comes last, and the few outputs do not.
        """
        x = x.mT
        *hidden, last = zip(self.parameters[::2], self.parameters[1::2], strict=True)
        for W, bias in hidden:
            x = torch.baddbmm(bias, W, x).relu_()
        W, bias = last
        out = torch.baddbmm(bias, W, x)
        if self.architecture.dueling:
            value, *advantages = out.split((1, *self.branches), dim=1)
            first, *others = (a - a.mean(dim=1, keepdim=True) for a in advantages)
            return [value + first, *others]
        return [out] if len(self.branches) == 1 else list(out.split(self.branches, dim=1))

    def values(self, x: Tensor) -> Tensor:
        """Values of all actions, (L, B, A)."""
        outputs = self.outputs(x)
        if self.architecture.factors is None:
            return outputs[0].mT
        return _add([q[:, level] for q, level in zip(outputs, self._factors, strict=True)]).mT

    def value(self, x: Tensor, action: Tensor) -> Tensor:
        """Values of these actions (L, B), one for each observation: (L, B)."""
        levels = [action] if self.architecture.factors is None else self._factors[:, action]
        pairs = zip(self.outputs(x), levels, strict=True)
        return _add([q.gather(1, level[:, None]).squeeze(1) for q, level in pairs])

    def best(self, x: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Largest value of an allowed action, (L, B)."""
        if self.complete and allowed is None:  # then each branch is free to choose its own
            return _add([q.amax(dim=1) for q in self.outputs(x)])
        return _masked(self.values(x), allowed).amax(dim=-1)

    def best_action(self, x: Tensor, allowed: Tensor | None = None) -> Tensor:
        """The allowed action with the largest value, (L, B)."""
        if not self.complete or allowed is not None:
            return _masked(self.values(x), allowed).argmax(dim=-1)
        code, *others = (q.argmax(dim=1) for q in self.outputs(x))
        for levels, level in zip(self.branches[1:], others, strict=True):
            code = code * levels + level
        return code if self.architecture.factors is None else self._action_of[code]

    def follow(self, others: Networks, share: float = 1.0) -> None:
        """Move the weights this share of the way to those of `others`; 1 copies them."""
        self.weights.lerp_(others.weights, share)

    def copy(self) -> Networks:
        """The same networks with weights of their own."""
        return Networks(self.architecture, self.weights.clone())

    def __getitem__(self, learner: int) -> Networks:
        row = range(self.n_learners)[check_learner(self, learner)]
        return Networks(self.architecture, self.weights[row : row + 1].clone())


def _add(parts: list[Tensor]) -> Tensor:
    """The sum of one part or of several."""
    return reduce(torch.add, parts)


def _masked(values: Tensor, allowed: Tensor | None) -> Tensor:
    """Values with -inf where an action is forbidden."""
    return values if allowed is None else values.masked_fill(~allowed, -torch.inf)


class Adam:
    """Adam for all learners: one step is one operation on one tensor.

    Parameters
    ----------
    networks : Networks
    by_learner : bool
        Whether each learner gets a learning rate of its own. Then each is a group of its
        own, since Adam has one rate for a group, and a step is somewhat slower.

    References
    ----------
    Kingma and Ba (2015), arXiv:1412.6980.
    """

    def __init__(self, networks: Networks, *, by_learner: bool = False):
        self.networks, weights = networks, networks.weights
        gradient = torch.zeros_like(weights)
        self.gradients = networks.parts(gradient)
        groups = zip(weights, gradient, strict=True) if by_learner else [(weights, gradient)]
        rows = []
        for weight, weight_gradient in groups:
            weight.grad = weight_gradient
            rows.append({"params": [weight]})
        self.adam = torch.optim.Adam(rows, fused=True)

    def step(self, loss: Tensor, learning_rate: float | Array) -> None:
        """Go one step down the gradient of `loss`, the sum of all learners' losses."""
        found = torch.autograd.grad(loss, self.networks.parameters)
        for gradient, layer in zip(self.gradients, found, strict=True):
            gradient.copy_(layer)
        groups = self.adam.param_groups
        rates = np.broadcast_to(learning_rate, len(groups)).tolist()
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        self.adam.step()
