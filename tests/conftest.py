"""What all tests share: fixed hypothesis examples, and one thread for torch if it is loaded."""

from hypothesis import settings

# The same examples on every machine, and no failure because a machine is slow.
settings.register_profile("course", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("course")
