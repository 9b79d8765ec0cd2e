"""The names under which Gymnasium knows the simulators.

Entry points are strings: nothing is imported before an environment is made.
Horizons are constructor arguments; ``max_episode_steps`` is never set, since
Gymnasium would hand it to the vector constructors.
"""

from gymnasium.envs.registration import register

ENVIRONMENTS = {
    "rxcourse/PushUp-v0": "pushup:PushUp",
    "rxcourse/PushUpFull-v0": "pushup:PushUpFull",
    "rxcourse/PushUpTable-v0": "pushup_table:PushUpTable",
    "rxcourse/WeeklyRoutine-v0": "weekly:WeeklyRoutine",
    "rxcourse/WeeklyRoutineFactored-v0": "weekly:WeeklyRoutineFactored",
    "rxcourse/WeeklyRoutineLoad-v0": "weekly:WeeklyRoutineLoad",
    "rxcourse/Gridworld4x4-v0": "gridworld:Gridworld4x4",
    "rxcourse/WindyGridworld-v0": "gridworld:WindyGridworld",
    "rxcourse/CliffWalking-v0": "gridworld:CliffWalking",
}
"""Id of each environment, and the class in ``rxcourse.simulators`` that makes it;
its batched twin has the same name with ``VectorEnv`` behind it."""


def register_all() -> None:
    """Register every simulator with Gymnasium, single and batched."""
    for name, place in ENVIRONMENTS.items():
        where = f"rxcourse.simulators.{place}"
        register(name, entry_point=f"{where}Env", vector_entry_point=f"{where}VectorEnv")
