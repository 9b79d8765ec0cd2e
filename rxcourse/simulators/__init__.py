"""Simulators of people in training, and textbook grids: Gymnasium environments."""
