"""Writes knees.json: falling curves and their knees, by Kneedle as its paper tells it.

    python3 test/golden/make-knees.py

V. Satopaa, J. Albrecht, D. Irwin, B. Raghavan, "Finding a Kneedle in a Haystack", ICDCSW 2011, section III, with offline
data, S = 1 and without the spline of step 1: the values are few, and each of them is a fit.
"""
import json
from pathlib import Path

import numpy as np
from scipy.signal import argrelmax, argrelmin

SENSITIVITY = 1


def first_knee(x, y):
    # Step 2: the unit square. A falling convex curve becomes a rising concave one by turning it upside down.
    unit_x = (x - x.min()) / (x.max() - x.min())
    unit_y = 1 - (y - y.min()) / (y.max() - y.min())
    # Step 3: differences from the diagonal. Step 4: their local maxima, which are candidates.
    difference = unit_y - unit_x
    maxima = argrelmax(difference)[0]
    minima = argrelmin(difference)[0]
    # Step 5: a threshold for each candidate, a mean step of x below it.
    thresholds = difference[maxima] - SENSITIVITY * np.diff(unit_x).mean()
    # Step 6: a candidate is a knee where the differences fall under its threshold before they rise again.
    for candidate, threshold in zip(maxima, thresholds):
        following = np.concatenate([maxima[maxima > candidate], minima[minima > candidate], [len(x) - 1]]).min()
        if (difference[candidate : following + 1] < threshold).any():
            return int(candidate)
    return None


random = np.random.default_rng(1)
curves = []
for bend, noise in [(bend, noise) for bend in (0, 0.3, 1, 3) for noise in (0, 0.01, 0.1, 0.5)] * 6:
    n = int(random.integers(3, 24))
    x = np.cumsum(random.integers(1, 4, n)).astype(float)
    y = 100 / (1 + bend * (x - x[0])) + 100 * noise * random.random(n)
    if bend == 0:
        y -= x
    curves.append({"x": x.tolist(), "y": y.tolist(), "knee": first_knee(x, y)})
(Path(__file__).parent / "knees.json").write_text(json.dumps({"curves": curves}, separators=(",", ":")) + "\n")
print(len(curves), sum(curve["knee"] is not None for curve in curves))
