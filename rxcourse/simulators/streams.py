"""Random numbers that depend on nothing but their key.

Two policies are compared fairly when the same people meet the same luck. What is
drawn when an episode begins must then not depend on how many steps other rows have
taken. So it is not drawn from a generator that moves on: it is computed from the key
(seed, row, episode, place), by a hash.
"""

import numpy as np
from scipy.special import ndtri

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # the odd number nearest 2**64 / golden ratio


def keyed_uniform(seed: int, row: np.ndarray, episode: np.ndarray, n: int) -> np.ndarray:
    """Uniform numbers in (0, 1), the same whenever the key is the same.

    Parameters
    ----------
    seed : int
    row, episode : ndarray of int, shape (k,)
    n : int
        Numbers per key.

    Returns
    -------
    ndarray of shape (n, k)

    References
    ----------
    The mixing function is SplitMix64: Steele, Lea and Flood (2014), "Fast splittable
    pseudorandom number generators", doi:10.1145/2660193.2660195.
    """
    state = _mix(np.asarray(seed, np.uint64) + GOLDEN)
    for part in (row, episode):
        state = _mix(state ^ _mix(np.asarray(part).astype(np.uint64) + GOLDEN))
    place = np.arange(1, n + 1, dtype=np.uint64)[:, None]
    bits = _mix(state + place * GOLDEN)
    # 53 bits fill a double; the half keeps 0 and 1 out, which ndtri cannot map.
    return ((bits >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53


def keyed_normal(seed: int, row: np.ndarray, episode: np.ndarray, n: int) -> np.ndarray:
    """Standard normal numbers of shape (n, k), the same whenever the key is the same."""
    return ndtri(keyed_uniform(seed, row, episode, n))


def _mix(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is the point
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
