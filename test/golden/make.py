"""Writes the golden files: k-means by scikit-learn 1.2.1 on its own data sets.

    python3 test/golden/make.py

data/<name>.csv holds the points, one row a line; digits are one base-17 digit a pixel (0 to 16). The fits read the
values rounded to float32, as the tests do, and compute in float64 from the centroids in `init`.
"""
import json
from pathlib import Path

import numpy as np
from sklearn import __version__
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

HERE = Path(__file__).parent
DATA = HERE / "data"


def numbers(row):
    return ",".join(f"{value:.12g}" for value in row)


def pixels(row):
    return "".join("0123456789abcdefg"[int(value)] for value in row)


SETS = {
    "iris": (load_iris, 3, numbers),
    "wine": (load_wine, 3, numbers),
    "digits": (load_digits, 10, pixels),
    "breast-cancer": (load_breast_cancer, 2, numbers),
}


def start(points, k):
    """k rows, moved a little: between rows of integers many distances are equal, and scikit-learn has no rule for ties."""
    rows = points[[i * len(points) // k for i in range(k)]]
    golden_ratio = (np.arange(rows.size) * 0.6180339887) % 1
    moved = rows + 0.1 * points.std(axis=0) * golden_ratio.reshape(rows.shape)
    return moved.astype(np.float32).astype(np.float64)


def fit(points, k, tolerance, weights=None):
    init = start(points, k)
    model = KMeans(k, init=init, n_init=1, max_iter=300, tol=tolerance, algorithm="lloyd")
    model.fit(points, sample_weight=weights)
    return {
        "k": k,
        "init": init.ravel().tolist(),
        "tolerance": tolerance,
        "weights": None if weights is None else weights.astype(int).tolist(),
        "centroids": model.cluster_centers_.ravel().tolist(),
        "labels": model.labels_.tolist(),
        "inertia": model.inertia_,
        "iterations": model.n_iter_,
    }


for name, (load, k, line) in SETS.items():
    data = load().data
    points = data.astype(np.float32).astype(np.float64)
    (DATA / f"{name}.csv").write_text("\n".join(map(line, data)) + "\n")
    # Weighted: tolerance 0, as scikit-learn scales it by the variance without the weights.
    weights = (np.arange(len(points)) % 4).astype(np.float64)
    fits = [fit(points, k, 1e-4), fit(points, 2 * k + 1, 1e-4), fit(points, k, 0, weights)]
    golden = {"source": f"scikit-learn {__version__}", "n": points.shape[0], "d": points.shape[1], "fits": fits}
    (HERE / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(name, points.shape, [(f["k"], f["iterations"], f["inertia"]) for f in fits])
