"""Writes the golden mixtures: Gaussian mixtures by scikit-learn 1.2.1 on its own data sets, and on the flights.

    python3 test/golden/make-mixtures.py

The flights come from flights.mjs, which needs Node and the installed packages.

The fits read the values rounded to float32, as the tests do, and compute in float64. Every type starts from the same
weights and means and from the covariance that `variances`, one a feature, make: diagonal for full, tied and diag, their
mean for spherical. Nothing stops a fit before its number of iterations.
"""
import json
import subprocess
import warnings
from pathlib import Path

import numpy as np
from sklearn import __version__
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

HERE = Path(__file__).parent


def flights():
    raw = subprocess.run(["node", HERE / "flights.mjs"], stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, 3)


# Pixels are constant, and a component of digits has fewer than three rows a feature: the variance of one grey value is
# added, as with 1e-6 the conditions of its covariances would be those of the regularization.
SETS = {
    "iris": (lambda: load_iris().data, 3, 1e-6),
    "wine": (lambda: load_wine().data, 3, 1e-6),
    "digits": (lambda: load_digits().data, 10, 1.0),
    "flights": (flights, 8, 1e-6),
}


def start(points, k, regularization):
    """Rows at even strides, and the variances of all rows."""
    means = points[[i * len(points) // k for i in range(k)]]
    weights = np.arange(k, 2 * k) / np.arange(k, 2 * k).sum()
    return weights, means, points.var(axis=0) + regularization


def precisions(variances, k, covariance_type):
    return {
        "full": lambda: np.array([np.diag(1 / variances)] * k),
        "tied": lambda: np.diag(1 / variances),
        "diag": lambda: np.array([1 / variances] * k),
        "spherical": lambda: np.full(k, 1 / variances.mean()),
    }[covariance_type]()


def rounded(values):
    """Twelve digits: a hundred times finer than any test asks for."""
    return [float(f"{value:.12g}") for value in np.ravel(values)]


def fit(points, k, regularization, covariance_type, iterations):
    weights, means, variances = start(points, k, regularization)
    model = GaussianMixture(
        k,
        covariance_type=covariance_type,
        tol=0,
        reg_covar=regularization,
        max_iter=iterations,
        init_params="random",
        weights_init=weights,
        means_init=means,
        precisions_init=precisions(variances, k, covariance_type),
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(points)
    assert model.n_iter_ == iterations
    return {
        "covarianceType": covariance_type,
        "iterations": iterations,
        "weights": rounded(model.weights_),
        "means": rounded(model.means_),
        "score": model.score(points),
        "aic": model.aic(points),
        "bic": model.bic(points),
    }


for name, (load, k, regularization) in SETS.items():
    points = load().astype(np.float32).astype(np.float64)
    weights, means, variances = start(points, k, regularization)
    golden = {
        "source": f"scikit-learn {__version__}",
        "k": k,
        "regularization": regularization,
        "start": {"weights": weights.tolist(), "means": means.ravel().tolist(), "variances": variances.tolist()},
        "fits": [
            fit(points, k, regularization, covariance_type, iterations)
            for covariance_type in ("full", "tied", "diag", "spherical")
            for iterations in (1, 10)
        ],
    }
    (HERE / f"mixture-{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(name, [(f["covarianceType"], f["iterations"], f["score"]) for f in golden["fits"]])
