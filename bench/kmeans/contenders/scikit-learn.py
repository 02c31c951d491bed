"""Scikit-learn's KMeans and MiniBatchKMeans."""

import time
import warnings

import numpy
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score

warnings.simplefilter("ignore", ConvergenceWarning)

points = None
start = None
model = None
labels = None


def prepare(path, n, d, centroids):
    """Points [n, d], raw float32 in a file, and centroids that fits of them start from."""
    global points, start
    points = numpy.fromfile(path, dtype=numpy.float32).reshape(n, d)
    start = numpy.array(centroids, dtype=numpy.float32).reshape(-1, d)


def fit(iterations):
    global model
    model = KMeans(len(start), init=start, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd").fit(points)
    return model.n_iter_


def mini_batch(seed):
    fitted = MiniBatchKMeans(len(start), n_init=1, random_state=seed).fit(points)
    return {"inertia": float(fitted.inertia_), "iterations": fitted.n_steps_}


def predict():
    return len(model.predict(points))


def judge(path):
    """Labels of the points, raw 32-bit integers in a file."""
    global labels
    labels = numpy.fromfile(path, dtype=numpy.int32)


def silhouette(size):
    return float(silhouette_score(points, labels, sample_size=size if size < len(points) else None, random_state=0))


def centroids():
    return model.cluster_centers_.ravel().tolist()


def product():
    """Best of five for each of two sizes of blocks, so that what is written stays in the cache."""
    return min(product_by(rows) for rows in (4096, 16384) for _ in range(5))


def product_by(rows):
    columns = numpy.ascontiguousarray(start.T)
    out = numpy.empty((rows, len(start)), dtype=numpy.float32)
    blocks = [points[i : i + rows] for i in range(0, len(points), rows)]
    before = time.perf_counter()
    for block in blocks:
        numpy.matmul(block, columns, out=out[: len(block)])
    return 1000 * (time.perf_counter() - before)
