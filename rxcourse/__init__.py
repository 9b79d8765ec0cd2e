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
