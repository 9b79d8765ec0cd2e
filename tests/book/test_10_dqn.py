"""The equations and the worked boxes of chapter 10, each by a route that is not the package's."""

import numpy as np
import pytest
import torch
from scipy import integrate, optimize

from rxcourse.agents.dqn import half_square, targets
from rxcourse.agents.replay import Batch, Replay
from rxcourse.nets import Architecture, Networks

X, NEXT_X = np.array([1.0, 0.5]), np.array([1.0, 1.0])
ONLINE, FROZEN = np.array([[2.0, -1], [3, -4]]), np.array([[2.0, 0], [3, -2]])


def linear_network(*tables):
    """Networks without hidden layers and biases, with these weights (actions, readings)."""
    rows = [np.append(table, np.zeros(len(table))) for table in tables]
    weights = torch.tensor(np.array(rows), dtype=torch.float32)
    n_actions, n_inputs = tables[0].shape
    return Networks(Architecture(n_inputs, n_actions, ()), weights)


def one_decision(reward=1.0, discount=0.9):
    tensor = lambda x: torch.tensor(np.array(x), dtype=torch.float32)  # noqa: E731
    return Batch(tensor([[X]]), torch.tensor([[0]]), tensor([[reward]]), tensor([[discount]]),
                 tensor([[NEXT_X]]), None)  # fmt: skip


def test_worked_boxes_of_one_update_with_and_without_a_copy():
    """By the gradients of torch: the box takes plain steps down the slope, as written."""
    expected = {True: (2.8, 1.3, 1.625, 2.8), False: (1.9, 0.4, 1.55, 1.954)}
    for copied, (target, error, after, moved) in expected.items():
        online = linear_network(ONLINE)
        other = linear_network(FROZEN) if copied else online
        batch = one_decision()
        y = targets(online, other, batch, double=False)
        value = online.value(batch.obs, batch.action)
        assert value.item() == pytest.approx(1.5)
        assert y.item() == pytest.approx(target) and (y - value).item() == pytest.approx(error)
        loss = torch.nn.functional.smooth_l1_loss(value, y, reduction="sum")
        assert loss.item() == pytest.approx(error - 0.5 if error > 1 else error**2 / 2)
        gradient = torch.autograd.grad(loss, online.parameters)[0]
        with torch.no_grad():
            online.weights[:, :4] -= 0.1 * gradient.reshape(1, -1)
        assert online.value(batch.obs, batch.action).item() == pytest.approx(after)
        assert targets(online, other, batch, double=False).item() == pytest.approx(moved)
    assert abs(1.954 - 1.55 - 0.404) < 1e-9


@pytest.mark.parametrize("step", [0.001, 0.01, 0.1])
def test_no_step_size_lets_the_value_catch_its_own_target(step):
    """The deck's and the notes' claim: the target moves 1.35 for each 1.25 of the value."""
    weights, gaps = ONLINE[0].copy(), []
    for _ in range(50):
        gap = 1 + 0.9 * weights @ NEXT_X - weights @ X
        gaps.append(gap)
        weights += step * gap * X
    assert np.all(np.diff(gaps) > 0)


@pytest.mark.equation("eq-dqn-target")
def test_the_target_is_reward_plus_discounted_best_of_the_copy():
    rng = np.random.default_rng(0)
    online, frozen = rng.normal(size=(2, 4, 2))
    for reward, discount in ((0.3, 0.9), (-2.0, 0.0)):
        y = targets(linear_network(online), linear_network(frozen),
                    one_decision(reward, discount), double=False)  # fmt: skip
        best = max(float(w @ NEXT_X) for w in frozen)
        assert y.item() == pytest.approx(reward + discount * best, rel=1e-5)


@pytest.mark.equation("eq-dqn-double")
def test_the_double_target_chooses_by_one_and_judges_by_the_other():
    rng = np.random.default_rng(1)
    differs = 0
    for _ in range(20):
        online, frozen = rng.normal(size=(2, 4, 2))
        y = targets(linear_network(online), linear_network(frozen), one_decision(), double=True)
        says = sorted(((w @ NEXT_X, a) for a, w in enumerate(online)), reverse=True)
        judged = float(frozen[says[0][1]] @ NEXT_X)
        assert y.item() == pytest.approx(1 + 0.9 * judged, rel=1e-4)
        differs += judged < max(w @ NEXT_X for w in frozen) - 1e-6
    assert differs > 5


@pytest.mark.equation("eq-huber")
def test_huber_is_the_integral_of_a_slope_that_stops_at_one():
    for error in (-4.0, -1.0, -0.3, 0.0, 0.7, 1.0, 2.5):
        area, _ = integrate.quad(lambda d: np.clip(d, -1, 1), 0, error, points=[-1, 1])
        tensor = torch.tensor(error, dtype=torch.float64)
        package = torch.nn.functional.smooth_l1_loss(tensor, torch.zeros_like(tensor))
        assert package.item() == pytest.approx(area, abs=1e-9)


@pytest.mark.equation("eq-dqn-loss")
def test_the_loss_is_the_mean_penalty_and_its_slope_leaves_the_targets_alone():
    """The slope by small differences of the weights, with the targets held fixed."""
    rng = np.random.default_rng(2)
    table, frozen = rng.normal(size=(2, 3, 2))
    x, y, action = rng.normal(size=(8, 2)), 3 * rng.normal(size=8), rng.integers(3, size=8)

    def loss(flat):
        error = y - (x * flat.reshape(3, 2)[action]).sum(axis=1)
        return np.mean([d * d / 2 if abs(d) <= 1 else abs(d) - 0.5 for d in error])

    online = linear_network(table)
    q = online.value(torch.tensor(x[None], dtype=torch.float32), torch.tensor(action[None]))
    package = torch.nn.functional.smooth_l1_loss(
        q, torch.tensor(y[None], dtype=torch.float32), reduction="none"
    ).mean(dim=1).sum()  # fmt: skip
    assert package.item() == pytest.approx(loss(table.ravel()), rel=1e-5)
    slope = torch.autograd.grad(package, online.parameters)[0].ravel().numpy()
    other = optimize.approx_fprime(table.ravel(), loss, 1e-6)
    np.testing.assert_allclose(slope, other, atol=1e-4)
    squares = half_square(q, torch.tensor(y[None], dtype=torch.float32), reduction="none")
    assert squares.mean().item() >= package.item()


@pytest.mark.equation("eq-dqn-nstep")
def test_a_target_of_ten_rewards_by_adding_them_up():
    """The memory's returns against a loop over the row, also where an end comes in between."""
    rng = np.random.default_rng(3)
    reward, ends = rng.normal(size=30), np.zeros(30, bool)
    ends[17] = True
    memory = Replay(1, 1, 1, capacity=30, gamma=0.9, n_step=10)
    for t in range(30):
        memory.store(np.full((1, 1), t), np.zeros(1), reward[t : t + 1], np.full((1, 1), t + 1),
                     ends[t : t + 1], np.zeros(1, bool), np.ones(1, bool))  # fmt: skip
    stored = memory.latest(30)
    ahead = lambda s: 0.1 * s  # noqa: E731  any values of what follows
    for place in range(30):
        t = int(stored.obs[0, place, 0])
        total, factor, last = 0.0, 1.0, t
        for k in range(t, min(t + 10, 30)):
            total, factor, last = total + factor * reward[k], factor * 0.9, k + 1
            if ends[k]:
                factor = 0.0
                break
        y = stored.reward[0, place] + stored.discount[0, place] * ahead(
            stored.next_obs[0, place, 0]
        )
        assert y.item() == pytest.approx(total + factor * ahead(last), rel=1e-4, abs=1e-5)


@pytest.mark.equation("eq-dueling")
def test_a_dueling_network_is_an_ordinary_one_with_other_last_weights():
    """Value plus advantage less the mean advantage is linear in the last layer: fold it in."""
    rng = np.random.default_rng(4)
    dueling = Networks.fresh(Architecture(2, 4, (5,), dueling=True), 1, rng=rng)
    x = rng.normal(size=(1, 7, 2)).astype(np.float32)
    first, bias, last, shift = [p.detach()[0].numpy() for p in dueling.parameters]
    hidden = np.maximum(first @ x[0].T + bias, 0)
    fold = np.hstack([np.ones((4, 1)), np.eye(4) - 1 / 4])
    by_hand = (fold @ (last @ hidden + shift)).T
    np.testing.assert_allclose(dueling.values(torch.tensor(x))[0].detach(), by_hand, atol=1e-6)
    assert np.mean(by_hand, axis=1) == pytest.approx((last @ hidden + shift)[0], abs=1e-6)


def test_worked_box_of_the_rare_loss():
    mean = lambda q: 0.98 * (13 - q) ** 2 + 0.02 * (0 - q) ** 2  # noqa: E731
    huber = lambda e: e * e / 2 if abs(e) <= 1 else abs(e) - 0.5  # noqa: E731
    penalty = lambda q: 0.98 * huber(13 - q) + 0.02 * huber(0 - q)  # noqa: E731
    by_square = optimize.minimize_scalar(mean, bounds=(0, 13), method="bounded").x
    by_huber = optimize.minimize_scalar(penalty, bounds=(10, 13.5), method="bounded").x
    assert by_square == pytest.approx(12.74, abs=1e-3)
    assert by_huber == pytest.approx(12.98, abs=1e-3)
