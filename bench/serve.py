# The functions above behind a pipe: a JSON line in is a call, a JSON line out its answer.
import json
import sys

for line in sys.stdin:
    name, *arguments = json.loads(line)
    print(json.dumps(globals()[name](*arguments)), flush=True)
