"""Writes nearest.json: the nearest of some rows of scikit-learn's own data sets to the first of their rows.

    python3 test/golden/make-nearest.py

Values are rounded to float32 first, then all is float64. Distances are squared differences, term by term
(`pairwise_distances` has them from SciPy), and equally near rows are in the order of their indices.
"""
import json
from pathlib import Path

import numpy as np
from sklearn import __version__
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import normalize

SETS = {"iris": load_iris, "wine": load_wine, "digits": load_digits, "breast cancer": load_breast_cancer}
K = 40
COUNT = 4
ROWS = 100


def nearest(points, centroids, metric):
    rows, targets = (normalize(points), normalize(centroids)) if metric == "cosine" else (points, centroids)
    squares = pairwise_distances(rows, targets, metric="sqeuclidean")
    order = np.argsort(squares, axis=1, kind="stable")[:, :COUNT]
    least = np.take_along_axis(squares, order, axis=1)
    distances = least / 2 if metric == "cosine" else np.sqrt(least)
    shown = [float(f"{value:.10g}") for value in distances[:ROWS].ravel()]
    return {"metric": metric, "indices": order[:ROWS].ravel().tolist(), "distances": shown}


golden = {"source": f"scikit-learn {__version__}", "k": K, "count": COUNT, "sets": []}
for name, load in SETS.items():
    points = load().data.astype(np.float32).astype(np.float64)
    rows = np.arange(K) * len(points) // K
    found = [nearest(points, points[rows], metric) for metric in ("euclidean", "cosine")]
    golden["sets"].append({"name": name, "rows": rows.tolist(), "found": found})
(Path(__file__).parent / "nearest.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
