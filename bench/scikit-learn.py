import platform

import numpy
import sklearn


def versions():
    return f"scikit-learn {sklearn.__version__}, NumPy {numpy.__version__}, Python {platform.python_version()}"
