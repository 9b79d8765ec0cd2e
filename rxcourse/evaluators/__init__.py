"""Judging policies: comparisons with intervals."""
