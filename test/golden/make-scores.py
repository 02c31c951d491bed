"""Writes scores.json: scikit-learn's scores of clusterings of its own data sets, and of blobs, which go to data/blobs.csv.

    python3 test/golden/make-scores.py

Values are rounded to float32 first, then all is float64. Silhouettes are of distances term by term (SciPy), since
scikit-learn's own distances lose the digits of what is near in ‖x‖² − 2x·y + ‖y‖².
"""
import json
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist
from sklearn import __version__
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_blobs
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
)

SETS = {"iris": load_iris, "wine": load_wine, "digits": load_digits, "breast cancer": load_breast_cancer}


def unit(points):
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def scores(points, labels, metric):
    rows = unit(points) if metric == "cosine" else points
    distances = cdist(rows, rows)
    if metric == "cosine":
        distances = distances**2 / 2
    silhouettes = silhouette_samples(distances, labels, metric="precomputed")
    return {
        "metric": metric,
        "labels": labels.tolist(),
        "silhouette": silhouettes.mean(),
        "silhouettes": silhouettes[:64].tolist(),
        "calinskiHarabasz": calinski_harabasz_score(rows, labels),
        "daviesBouldin": davies_bouldin_score(rows, labels),
    }


golden = {"source": f"scikit-learn {__version__}", "sets": []}
for name, load in SETS.items():
    data = load()
    points = data.data.astype(np.float32).astype(np.float64)
    fits = json.loads((Path(__file__).parent / f"{name.replace(' ', '-')}.json").read_text())["fits"]
    fitted = np.array(fits[1]["labels"])
    golden["sets"].append(
        {
            "name": name,
            "scores": [scores(points, data.target, "euclidean"), scores(points, fitted, "euclidean")]
            + [scores(points, data.target, "cosine")],
            "adjustedRand": adjusted_rand_score(data.target, fitted),
        }
    )

# Whose number of clusters is to be found: each k from the best of many starts, to the end.
blobs = make_blobs(n_samples=240, n_features=3, centers=4, cluster_std=1.5, random_state=7)[0].astype(np.float32)
lines = [",".join(str(value) for value in row) for row in blobs]
(Path(__file__).parent / "data/blobs.csv").write_text("\n".join(lines) + "\n")
points = blobs.astype(np.float64)
fits = [KMeans(k, n_init=50, tol=0, max_iter=1000, random_state=0).fit(points) for k in range(2, 8)]
golden["sets"].append(
    {
        "name": "blobs",
        "inertias": [fit.inertia_ for fit in fits],
        "scores": [scores(points, fit.labels_, "euclidean") for fit in fits],
        "adjustedRand": adjusted_rand_score(fits[0].labels_, fits[1].labels_),
    }
)
(Path(__file__).parent / "scores.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
