import numpy as np

from rxcourse.simulators.streams import keyed_normal, keyed_uniform


def test_a_key_gives_the_same_numbers_alone_or_in_company():
    rows, episodes = np.arange(100), np.arange(100) % 7
    together = keyed_uniform(5, rows, episodes, 3)
    alone = keyed_uniform(5, rows[42:43], episodes[42:43], 3)
    assert np.array_equal(together[:, 42], alone[:, 0])


def test_every_part_of_the_key_matters():
    row, episode = np.array([1]), np.array([2])
    numbers = {
        keyed_uniform(s, row + r, episode + e, 2)[place, 0]
        for s in (0, 1) for r in (0, 1) for e in (0, 1) for place in (0, 1)
    }  # fmt: skip
    assert len(numbers) == 16
    assert keyed_uniform(0, np.array([2]), np.array([1]), 1) != keyed_uniform(0, row, episode, 1)


def test_numbers_are_uniform_and_unrelated():
    """Moments, ranks between neighbours and between places, within 4 standard errors."""
    n = 200_000
    u = keyed_uniform(9, np.arange(n), np.zeros(n, int), 4)
    assert (u > 0).all() and (u < 1).all()
    assert (abs(u.mean(axis=1) - 0.5) < 4 / np.sqrt(12 * n)).all()
    assert (abs(np.histogram(u[0], 20, (0, 1))[0] / n - 0.05) < 4 * np.sqrt(0.0475 / n)).all()
    together = np.corrcoef(np.vstack([u, np.roll(u[0], 1)]))
    assert (abs(together[np.triu_indices(5, 1)]) < 4 / np.sqrt(n)).all()


def test_normals_have_mean_zero_and_variance_one():
    n = 100_000
    z = keyed_normal(1, np.arange(n), np.zeros(n, int), 1)[0]
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / n)
