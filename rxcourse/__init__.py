"""Reinforcement learning for adaptive exercise prescription: the companion package.

Simulators are Gymnasium environments, registered on import::

    import gymnasium as gym
    import rxcourse

    env = gym.make("rxcourse/PushUp-v0")
    envs = gym.make_vec("rxcourse/PushUp-v0", num_envs=1000)

It teaches; it never advises a patient.
"""

__version__ = "0.1.0"

from rxcourse.registration import register_all

register_all()


def __getattr__(name: str):
    """Fetch ``check`` and ``hint`` when they are asked for: most uses need neither."""
    if name in ("check", "hint"):
        from importlib import import_module

        return getattr(import_module("rxcourse.grading"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
