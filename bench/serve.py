# The functions above behind a pipe: a JSON line in is a call, a JSON line out its answer.
import json
import platform
import sys

import numpy
import sklearn


def versions():
    return f"scikit-learn {sklearn.__version__}, NumPy {numpy.__version__}, Python {platform.python_version()}"


for line in sys.stdin:
    name, *arguments = json.loads(line)
    print(json.dumps(globals()[name](*arguments)), flush=True)
