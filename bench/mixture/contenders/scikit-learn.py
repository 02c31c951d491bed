"""Scikit-learn's GaussianMixture."""

import warnings

import numpy
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

warnings.simplefilter("ignore", ConvergenceWarning)

points = None
start = None
model = None


def prepare(path, n, d, k, type, weights, means, covariances):
    """Points [n, d], raw float32 in a file, and where fits of them start."""
    global points, start
    # In float32 it is no faster, and less exact.
    points = numpy.fromfile(path, dtype=numpy.float32).reshape(n, d).astype(numpy.float64)
    shape = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[type]
    start = {
        "type": type,
        "weights": numpy.array(weights),
        "means": numpy.array(means).reshape(k, d),
        "covariances": numpy.array(covariances).reshape(shape),
    }


def fit(iterations):
    """The same steps as a fit from *_init, less the k-means that those run and throw away."""
    global model
    model = GaussianMixture(len(start["weights"]), covariance_type=start["type"], tol=0, max_iter=iterations, warm_start=True)
    model.weights_ = start["weights"]
    model.means_ = start["means"]
    model.covariances_ = start["covariances"]
    model.precisions_cholesky_ = _compute_precision_cholesky(start["covariances"], start["type"])
    model.lower_bound_ = -numpy.inf
    model.converged_ = False
    model.fit(points)
    return model.n_iter_


def mixture():
    return {
        "weights": model.weights_.ravel().tolist(),
        "means": model.means_.ravel().tolist(),
        "covariances": model.covariances_.ravel().tolist(),
    }
