"""What ``PushUp`` looks like: a line of text, or a small picture."""

from __future__ import annotations

import numpy as np

NAMES = ("none", "very easy", "easy", "medium", "hard", "failed or all-out")
INK, PALE = np.array([60, 60, 60], np.uint8), np.array([225, 225, 225], np.uint8)
COLORS = np.array([[90, 180, 230], [240, 180, 60], [200, 80, 60]], np.uint8)
HEIGHT, WIDTH = 120, 240


def text(slot: int, target: float, difficulty: int, fatigue_high: bool) -> str:
    """One line: slot, target, last difficulty, fatigue."""
    fatigue = "High" if fatigue_high else "Low"
    return (
        f"slot {slot}: target 3 x {target:.0f}, last session {NAMES[int(difficulty)]} "
        f"({int(difficulty)} of 5), fatigue {fatigue}"
    )


def pixels(slot: int, target: float, difficulty: int, fatigue_high: bool) -> np.ndarray:
    """Picture of shape (120, 240, 3): target as a bar, difficulty as a light, fatigue."""
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    image[20:50, 20:220] = PALE
    image[20:50, 20 : 20 + int(2 * min(target, 100))] = INK  # two pixels a repetition
    for i in range(3):
        lit = i == (difficulty >= 3) * 1 + (difficulty >= 4)
        image[70:100, 20 + 45 * i : 50 + 45 * i] = COLORS[i] if lit else PALE
    image[70:100, 190:220] = COLORS[2] if fatigue_high else PALE
    image[110:114, 20 : 20 + 2 * min(slot, 100)] = INK
    return image
