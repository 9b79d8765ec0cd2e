"""Learners and planners, one file an algorithm or a family that differs by a line."""
