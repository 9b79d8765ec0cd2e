"""Logged cohorts, and importers of real logs and published tables."""
