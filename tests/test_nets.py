"""Networks side by side are the same networks alone, and their values mean what they say."""

import itertools
from fractions import Fraction

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from rxcourse import __version__
from rxcourse.nets import Adam, Architecture, Networks, one_thread
from rxcourse.network_q import Features, NetworkQ, load, save
from rxcourse.policy import EpsilonGreedy, Greedy, Softmax
from rxcourse.rollout import rollout

L, B, D = 5, 7, 3
SINGLE = 1e-6  # 32-bit sums in another order
ALL = np.array(list(itertools.product(range(2), range(3), range(2))))  # 12 combinations
FORMS = {
    "plain": {"n_actions": 4},
    "linear": {"n_actions": 4, "hidden": ()},
    "dueling": {"n_actions": 4, "dueling": True},
    "branching": {"n_actions": 12, "factors": ALL},
    "some combinations": {"n_actions": 9, "factors": ALL[[0, 11, 3, 4, 5, 6, 7, 8, 2]]},
    "dueling branches": {"n_actions": 12, "dueling": True, "factors": np.roll(ALL, 5, axis=0)},
}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def networks(rng, n_learners=L, **form):
    form = {"n_inputs": D, "hidden": (8, 6)} | form
    return Networks.fresh(Architecture(**form), n_learners, rng=rng)


def inputs(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape or (L, B, D)).astype(np.float32))


def by_numpy(nets, x):
    """Values of all actions by plain NumPy, one learner, observation and action at a time."""
    form = nets.architecture
    sizes = [*form.hidden, sum(form.branches) + form.dueling]
    values = np.zeros((*x.shape[:2], form.n_actions))
    for l, (row, block) in enumerate(zip(nets.weights.numpy(), x.numpy(), strict=True)):
        for i, h in enumerate(block.astype(float)):
            first = 0
            for n_out in sizes:
                W = row[first : first + n_out * len(h)].reshape(n_out, len(h))
                bias = row[first + W.size : first + W.size + n_out]
                first += W.size + n_out
                h = W @ h + bias
                h = h if first == len(row) else np.maximum(h, 0)
            value, out = (h[0], h[1:]) if form.dueling else (0.0, h)
            parts = np.split(out, np.cumsum(form.branches)[:-1])
            parts = [p - p.mean() if form.dueling else p for p in parts]
            for a in range(form.n_actions):
                levels = [a] if form.factors is None else form.factors[a]
                values[l, i, a] = value + sum(p[k] for p, k in zip(parts, levels, strict=True))
    return values


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_values_are_those_of_a_plain_loop(rng, form):
    nets, x = networks(rng, **form), inputs(rng)
    expected = by_numpy(nets, x)
    assert np.unique(expected.round(9)).size == expected.size  # nothing here is equal by accident
    with torch.no_grad():
        np.testing.assert_allclose(nets.values(x), expected, atol=SINGLE)
        action = torch.from_numpy(rng.integers(form["n_actions"], size=(L, B)))
        taken = np.take_along_axis(expected, action.numpy()[..., None], -1)[..., 0]
        np.testing.assert_allclose(nets.value(x, action), taken, atol=SINGLE)
        np.testing.assert_allclose(nets.best(x), expected.max(-1), atol=SINGLE)
        np.testing.assert_array_equal(nets.best_action(x), expected.argmax(-1))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_mask_leaves_the_best_of_what_is_allowed(rng, form):
    nets, x = networks(rng, **form), inputs(rng)
    allowed = rng.random((L, B, form["n_actions"])) < 0.5
    allowed[..., 1] = True
    expected = np.where(allowed, by_numpy(nets, x), -np.inf)
    with torch.no_grad():
        best = nets.best(x, torch.from_numpy(allowed))
        choice = nets.best_action(x, torch.from_numpy(allowed))
    np.testing.assert_allclose(best, expected.max(-1), atol=SINGLE)
    np.testing.assert_array_equal(choice, expected.argmax(-1))


def test_with_all_combinations_no_joint_value_is_computed(rng, monkeypatch):
    """20 outputs for 625 actions: the best is found without a value of each."""
    factors = np.array(list(itertools.product(range(5), repeat=4)))
    nets, x = networks(rng, n_actions=625, factors=factors), inputs(rng)
    assert nets.architecture.branches == (5, 5, 5, 5)
    with torch.no_grad():
        joint = nets.values(x)
        monkeypatch.setattr(Networks, "values", None)
        np.testing.assert_allclose(nets.best(x), joint.amax(-1), atol=SINGLE)
        np.testing.assert_array_equal(nets.best_action(x), joint.argmax(-1))


def test_the_dueling_advantage_has_mean_zero(rng):
    """Wang et al. (2016), equation 9: the mean over actions is the value of the observation."""
    nets, x = networks(rng, n_actions=4, dueling=True, hidden=()), inputs(rng)
    W, bias = nets.parameters
    value = (W[:, :1] @ x.mT + bias[:, :1]).squeeze(1)
    assert torch.allclose(nets.values(x).mean(-1), value, atol=SINGLE)


def train(nets, x, action, y, *, rates, steps=20):
    adam = Adam(nets, by_learner=np.ndim(rates) > 0)
    for k in range(steps):
        loss = ((nets.value(x[k], action[k]) - y[k]) ** 2).mean(dim=1).sum()
        adam.step(loss, rates)
    return nets.weights


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_learner_among_many_learns_what_it_learns_alone(rng, form):
    nets, x = networks(rng, **form), inputs(rng, 20, L, B, D)
    action = torch.from_numpy(rng.integers(form["n_actions"], size=(20, L, B)))
    y, alone = inputs(rng, 20, L, B), [nets[l] for l in range(L)]
    start = nets.weights.clone()
    together = train(nets, x, action, y, rates=0.01)
    for l, one in enumerate(alone):
        part = slice(l, l + 1)
        own = train(one, x[:, part], action[:, part], y[:, part], rates=0.01)
        # Adam turns rounding of a gradient near 0 into a part of a step, 0.01 long.
        np.testing.assert_allclose(own[0], together[l], atol=1e-4)
    assert (together - start).abs().amax(dim=1).min() > 0.05


def test_the_gradient_step_is_adam_s(rng):
    """The equations of Kingma and Ba (2015), algorithm 1, in double precision."""
    nets = networks(rng, n_actions=2, hidden=())
    w, m, v = nets.weights.numpy().astype(float), 0.0, 0.0
    x, adam = inputs(rng), Adam(nets)
    for t in range(1, 6):
        # The loss is linear in the weights: its gradient is the inputs, and 1 for a bias.
        s = x.numpy().sum(axis=1) * t
        g = np.hstack([s, s, np.full((L, 2), B * t)])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - 0.02 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        adam.step(nets.values(x).sum() * t, 0.02)
    np.testing.assert_allclose(nets.weights, w, atol=SINGLE)


def test_each_learner_may_have_its_own_learning_rate(rng):
    nets, x = networks(rng, n_actions=2), inputs(rng, 20, L, B, D)
    action, y = torch.zeros(20, L, B, dtype=int), inputs(rng, 20, L, B)
    rates = np.array([0.0, 0.001, 0.01, 0.01, 0.1])
    alone = [train(nets[l], x[:, l : l + 1], action[:, l : l + 1], y[:, l : l + 1], rates=rate)
             for l, rate in enumerate(rates)]  # fmt: skip
    start = nets.weights.clone()
    together = train(nets, x, action, y, rates=rates)
    np.testing.assert_array_equal(together[0], start[0])
    np.testing.assert_allclose(together[:4], torch.cat(alone[:4]), atol=1e-4)
    np.testing.assert_allclose(together[4], alone[4][0], atol=1e-2)


def test_fresh_weights_come_from_the_generator_alone(rng):
    numpy_before, torch_before = np.random.get_state(), torch.random.get_rng_state()  # noqa: NPY002
    one, same, other = (networks(np.random.default_rng(s), n_actions=2).weights for s in (3, 3, 4))
    assert torch.equal(one, same) and (one != other).all()
    few = networks(np.random.default_rng(3), n_learners=2, n_actions=2).weights
    assert torch.equal(few, one[:2])  # a learner begins alike however many there are
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(numpy_before, after, strict=True))
    assert torch.equal(torch_before, torch.random.get_rng_state())
    for part, n_in in zip(
        networks(rng, n_learners=300, n_actions=2).parameters, (3, 3, 8, 8, 6, 6), strict=True
    ):
        assert 0.99 * n_in**-0.5 < part.abs().max() <= n_in**-0.5  # uniform, PyTorch's default


def test_a_copy_goes_its_own_way_and_follows_when_told(rng):
    nets = networks(rng, n_actions=2)
    copy, start = nets.copy(), nets.weights.clone()
    nets.weights.add_(1)
    assert torch.equal(copy.weights, start)
    copy.follow(nets, 0.25)
    np.testing.assert_allclose(copy.weights, start + 0.25, atol=SINGLE)
    copy.follow(nets)
    assert torch.equal(copy.weights, nets.weights)
    assert torch.equal(copy.parameters[0], nets.parameters[0])  # the views see it


def test_one_thread_inside_as_many_as_before_outside():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(KeyError), one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# As a q-function on arrays.


def test_a_stack_of_networks_is_a_q_function(rng):
    nets, x = networks(rng, n_actions=4), inputs(rng)
    q, obs = NetworkQ(nets, Features((D,))), x.numpy().astype(float)
    expected = by_numpy(nets, x)
    nets.weights.zero_()  # what was learned since does not change what was handed out
    assert q.n_learners == L and q[2].n_learners is None
    np.testing.assert_allclose(q(obs), expected, atol=SINGLE)
    np.testing.assert_allclose(q[2](obs[2]), expected[2], atol=SINGLE)
    np.testing.assert_allclose(q[-1](obs[-1, 3]), expected[-1, 3], atol=SINGLE)
    deep = q[2](obs[2, :6].reshape(2, 3, D))
    np.testing.assert_allclose(deep, expected[2, :6].reshape(2, 3, 4), atol=SINGLE)
    assert len([one for one in q]) == L  # a loop over a stack ends


def test_policies_act_by_networks_with_a_mask(rng):
    q, obs = NetworkQ(networks(rng, n_actions=4), Features((D,))), inputs(rng).numpy()
    allowed = lambda obs: obs[..., :1] * [1, -1, 1, -1] >= 0  # noqa: E731
    values = np.where(allowed(obs), q(obs), -np.inf)
    policy = Greedy(q, allowed=allowed)
    np.testing.assert_array_equal(policy.probs(obs).argmax(-1), values.argmax(-1))
    np.testing.assert_array_equal(policy[1].probs(obs[1]), policy.probs(obs)[1])
    for stack in (EpsilonGreedy(policy, 0.2, allowed=allowed), Softmax(q, 0.5, allowed=allowed)):
        np.testing.assert_allclose(stack.probs(obs).sum(-1), 1, atol=SINGLE)
        assert (stack.probs(obs)[~allowed(obs)] == 0).all()


def test_a_stack_plays_an_environment_of_gymnasium(rng):
    envs = gym.make_vec("CartPole-v1", num_envs=2 * L, vectorization_mode="vector_entry_point")
    q = NetworkQ(networks(rng, n_inputs=4, n_actions=2), Features.of(envs.single_observation_space))
    data = rollout(envs, Greedy(q), rng=rng)
    chosen = q[1](data.obs[data.person == 3]).argmax(-1)
    np.testing.assert_array_equal(data.action[data.person == 3], chosen)


def test_states_become_one_hot_and_boxes_flat():
    states = Features.of(Discrete(3))
    np.testing.assert_array_equal(states(np.array([[2, 0]])), [[[0, 0, 1], [1, 0, 0]]])
    box = Features.of(Box(0, 1, (2, 2)))
    obs = np.arange(8.0).reshape(2, 2, 2)
    np.testing.assert_array_equal(box(obs), obs.reshape(2, 4))
    assert box.n == 4 and box(obs).dtype == states(np.array(1)).dtype == np.float32
    same = np.zeros((1, 2, 2), np.float32)
    assert not np.shares_memory(box(same), same)


# As files.


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_is_saved_is_what_is_loaded(rng, tmp_path, form):
    q, obs = NetworkQ(networks(rng, **form), Features((D,))), inputs(rng).numpy()
    save(tmp_path / "q.pt", q, gamma=0.9, hidden=(8, 6), double=True)
    again, settings = load(tmp_path / "q.pt", like=q)
    np.testing.assert_array_equal(again(obs), q(obs))
    assert settings == {"gamma": 0.9, "hidden": "(8, 6)", "double": True, "version": __version__}
    save(tmp_path / "one.pt", q[3])
    one, _ = load(tmp_path / "one.pt")
    assert one.n_learners is None
    np.testing.assert_array_equal(one(obs[3]), q[3](obs[3]))


def test_a_wrong_file_gets_a_sentence(rng, tmp_path):
    path = tmp_path / "q.pt"
    with pytest.raises(ValueError, match="there is no file .*q.pt"):
        load(path)
    path.write_text("learner,step\n0,0\n")
    with pytest.raises(ValueError, match="must be a file written by rxcourse.network_q.save"):
        load(path)
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(ValueError, match="must be a file written by rxcourse.network_q.save"):
        load(path)
    q = NetworkQ(networks(rng, n_actions=2), Features((D,)))
    save(path, q)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="must be a file written by rxcourse.network_q.save"):
        load(path)


def test_a_file_that_would_run_code_is_not_read(tmp_path):
    torch.save({"kind": "rxcourse networks", "weights": Fraction(1, 2)}, tmp_path / "q.pt")
    with pytest.raises(ValueError, match="must be a file written by"):
        load(tmp_path / "q.pt")


def test_another_architecture_gets_a_sentence(rng, tmp_path):
    q = NetworkQ(networks(rng, n_actions=2), Features((D,)))
    save(tmp_path / "q.pt", q)
    wider = NetworkQ(networks(rng, n_actions=2, hidden=(9, 6)), Features((D,)))
    with pytest.raises(ValueError, match=r"other architecture: .*\(8, 6\).*, not .*\(9, 6\)"):
        load(tmp_path / "q.pt", like=wider)
    states = NetworkQ(networks(rng, n_actions=2), Features((), 3))
    with pytest.raises(ValueError, match="other observations"):
        load(tmp_path / "q.pt", like=states)


BAD = {
    "hidden": ({"hidden": 64}, "hidden must list the units of each layer, got 64"),
    "units": ({"hidden": (8, 0)}, "each of hidden must be a whole number of at least 1, got 0"),
    "rows": ({"factors": ALL[:3]}, r"factors must have shape \(A, B\) with A = 4 actions, got"),
    "twins": ({"factors": ALL[[0, 1, 1, 2]]}, "factors must differ between any two actions"),
    "parts": ({"factors": ALL[:4] / 2}, "factors must hold whole numbers"),
    "below": ({"factors": ALL[:4] - 1}, "factors must lie in 0"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_an_impossible_form_gets_a_sentence(change, message):
    with pytest.raises(ValueError, match=message):
        Architecture(**({"n_inputs": 3, "n_actions": 4} | change))


def test_wrong_observations_get_a_sentence(rng):
    q = NetworkQ(networks(rng, n_actions=2), Features((D,)))
    with pytest.raises(ValueError, match=r"obs must have shape \(\.\.\., 3\), got \(5, 7, 4\)"):
        q(np.zeros((L, B, 4)))
    with pytest.raises(ValueError, match=r"obs must have shape \(5, n, \*obs\).* is q\[l\]"):
        q(np.zeros((4, B, D)))
    with pytest.raises(ValueError, match="this NetworkQ is one policy, not a stack"):
        q[0][0]
    with pytest.raises(ValueError, match="needs a Box of observations, or Discrete"):
        Features.of(MultiDiscrete([2, 3]))
    with pytest.raises(ValueError, match="obs must lie in 0 ... 2, got 3"):
        Features((), 3)(np.array([3]))
    nets = networks(rng, n_actions=2)
    nets.weights[3, 0] = np.inf
    with pytest.raises(ValueError, match="learner 3 are no longer finite: its training diverged"):
        NetworkQ(nets, Features((D,)))
