"""K-means and Gaussian mixtures of rows on many machines: shards of webgpu-clustering, on a Dask cluster.

    from dask.distributed import Client
    from webgpu_clustering_dask import KMeans, shards_of

    client = Client("scheduler:8786")
    shards = shards_of("points.parquet", ["a", "b", "c"], [0, 1_000_000, 2_000_000])
    model = KMeans(64).fit(shards, client).model_

A shard is a range of rows of a file that its worker can read. A Node process on the worker reads it once, keeps it, and
answers; all formulas are there. What is asked of a shard depends on nothing but its rows and the question, so that a task
may run again, or twice: where a worker dies, others read its shards, and the result is the same.

K-means has the same centroids, bit for bit, whatever the shards; mixtures where the shards are the same.
"""

import json
import os
import struct
import subprocess
import threading
import uuid
from collections import Counter
from operator import itemgetter

from distributed import default_client, get_worker

PROTOCOL = 1  # of the messages, as src/machines/messages.ts has them
FAN_IN = 4  # answers that a task merges, at most
REACH = 8  # iterations between states that the client keeps: so many are computed anew where workers lose all of them
PATIENCE = 5  # tries to go on from one of these

_starting = threading.Lock()


class ShardError(Exception):
    """What a process answers where it cannot do what it was asked: asking again would not help."""


def _widen(pipe):
    """More room, where the system has it: what has to take turns waits for a processor at each of them."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 2**18)  # of 64 MiB for all pipes of a user
    except (ImportError, AttributeError, OSError):
        pass


class _Process:
    """`webgpu-clustering shard`, which ends when its input does: with the worker, however that ends."""

    def __init__(self, command):
        self.lock = threading.Lock()
        # Dask's limit of what its workers keep of freed memory would let every message fault its pages in anew.
        env = {name: value for name, value in os.environ.items() if name != "MALLOC_TRIM_THRESHOLD_"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        for pipe in (self.process.stdin, self.process.stdout):
            _widen(pipe)

    def ask(self, header, parts):
        sizes = [len(part) for part in parts]
        message = {"protocol": PROTOCOL, **header, "sizes": sizes}
        text = json.dumps(message, default=lambda array: array.tolist()).encode()  # of NumPy
        with self.lock:
            self.process.stdin.writelines([struct.pack("<I", len(text)), text, *parts])
            self.process.stdin.flush()
            (length,) = struct.unpack("<I", self._read(4))
            answer = json.loads(self._read(length))
            body = b"".join([self._read(size) for size in answer["sizes"]])
        if "error" in answer:
            raise ShardError("{name}: {message}".format(**answer["error"]))
        return answer, body

    def _read(self, size):
        taken = self.process.stdout.read(size)
        if len(taken) < size:
            raise OSError("the process of a shard has ended: code %s" % self.process.wait())
        return taken


def _ask(command, header, *given):
    """Runs on a worker: asks the process of that command, which stays. Returns its answer's header and bytes."""
    worker = get_worker()
    with _starting:  # by the worker, not by this module, which may be loaded again
        resident = worker.__dict__.setdefault("_webgpu_clustering", {})
        process = resident.get(command)
        if process is None or process.process.poll() is not None:
            process = resident[command] = _Process(command)
    answer, body = process.ask(header, [part[1] if isinstance(part, tuple) else part for part in given])
    merged = given if header["verb"] == "merge" else given[1:]  # what is first is a state
    counted = sum((Counter(told["counted"]) for told, _ in merged), Counter())
    if header["verb"] == "statistics":
        counted[worker.address] += answer["rows"]
    return {**answer, "counted": dict(counted)}, body


def shards_of(path, columns, cuts):
    """Shards of a Parquet file: rows from one cut to the next. Those of several files are put one behind the other."""
    if len(cuts) < 2 or any(end <= start for start, end in zip(cuts, cuts[1:])):
        raise ValueError("cuts are the first row of each shard, and the end: they ascend, got %s" % list(cuts))
    rows = ["%d:%d" % ends for ends in zip(cuts, cuts[1:])]
    return [(str(path), "--columns", ",".join(columns), "--rows", part) for part in rows]


class _Estimator:
    """
    options: of the fit, as the functions of the package have them
    command: what starts the package on every worker
    arguments: of each shard's process, such as ["--engine", "webgpu"] or ["--threads", "4"]
    """

    def __init__(self, k, *, init, max_iter, command=("npx", "webgpu-clustering"), arguments=(), **options):
        self.options = {"kind": self.kind, "k": k, **options}
        self._init = {} if init is None else {"init": init}
        self.max_iter = max_iter
        self._command = (*command, "shard")
        self._arguments = tuple(arguments)
        self._homes = {}

    def fit(self, shards, client=None, *, checkpoint=None, on_iteration=None):
        """
        checkpoint: a file that has the state behind each iteration, and from which a fit goes on
        on_iteration: called with what is known of each iteration; "stop" ends the fit
        """
        self._begin(client)
        self._kept = self._stopped = None
        if checkpoint is not None and os.path.exists(checkpoint):
            with open(checkpoint, "rb") as file:
                self._kept = file.read()
        for answer in self._iterations(shards, REACH if checkpoint is None else 1):
            if checkpoint is not None:
                with open("%s.part" % checkpoint, "wb") as file:
                    file.write(self._kept)
                os.replace("%s.part" % checkpoint, checkpoint)
            if on_iteration is not None and on_iteration(answer) == "stop":
                self._stopped = answer["iteration"]
        return self

    def _iterations(self, shards, reach):
        """Yields what is known of each iteration, once. Where workers lose a state for good it goes on from the last that is kept."""
        heard = lost = 0
        while True:
            kept = self._kept
            try:
                for answer in self._passes(shards, reach):
                    if answer["iteration"] > heard:
                        heard = answer["iteration"]
                        yield answer
                return
            except ShardError:
                raise
            except Exception:  # of whatever kind: what Dask makes of workers that die
                lost = 1 if self._kept is not kept else lost + 1
                if lost == PATIENCE:
                    raise
                self._client.wait_for_workers(1)

    def _passes(self, shards, reach):
        if self._kept is None:
            self._kept = self._start(shards).result()[1]
        state = self._resume(self._kept)
        told = self._over(shards, "statistics", state)  # for the update, or for the end
        answer = self._told(state)
        while not answer["converged"] and answer["iteration"] < min(self.max_iter, self._stopped or self.max_iter):
            is_kept = (answer["iteration"] + 1) % reach == 0
            before, state = state, self._ask((), {"verb": "update", **self.options}, state, *told)
            told = None if is_kept else self._over(shards, "statistics", state)  # while the client hears of the iteration
            answer = self._told(state)
            if answer["empty"]:
                wanted = [{"wanted": answer["empty"]}] * len(shards)
                farthest = self._over(shards, "farthest", before, headers=wanted)
                state = self._ask((), {"verb": "relocate", **self.options}, state, *farthest)
                told = None
                answer = {**answer, **self._told(state), "counted": answer["counted"]}
            if is_kept:
                self._kept = state.result()[1]
                state = self._resume(self._kept)
            if told is None:
                told = self._over(shards, "statistics", state)
            yield answer
        self._state = state.result()[1]
        self.model_ = json.loads(self._ask((), {"verb": "finish", **self.options}, state, *told).result()[1])

    def predict(self, shards, client=None):
        """Futures of the labels of each shard, uint32, as bytes: on the workers until they are gathered."""
        if not hasattr(self, "_state"):
            raise ValueError("predict needs a fit")
        self._begin(client)
        labels = self._each(shards, "labels", self._resume(self._state))
        return [self._submit(itemgetter(1), answer) for answer in labels]

    def _start(self, shards):
        # Dask does not run a task anew that depends on none and belongs to a worker that is gone.
        nothing = self._submit(bytes)
        described = [self._submit(itemgetter(0), answer) for answer in self._each(shards, "describe", nothing)]
        rows = [answer["rows"] for answer in self._client.gather(described)]
        places = [{"first": sum(rows[:i]), "total": sum(rows)} for i in range(len(rows))]
        frame = self._ask((), {"verb": "frame", **self.options}, *self._over(shards, "range", nothing, headers=places))
        sampled = self._over(shards, "sample", nothing, headers=places)
        return self._ask((), {"verb": "start", **self.options, **self._init}, frame, *sampled)

    def _resume(self, state):
        """The state of these bytes, which are the task's own: what they came of is not computed again."""
        return self._ask((), {"verb": "resume", **self.options}, state)

    def _over(self, shards, verb, *given, headers=None):
        """A pass over all shards: what they answer, merged until it is for one task."""
        answers = self._each(shards, verb, *given, headers=headers)
        while len(answers) > FAN_IN:
            groups = [answers[i : i + FAN_IN] for i in range(0, len(answers), FAN_IN)]
            answers = [group[0] if len(group) == 1 else self._ask((), {"verb": "merge"}, *group) for group in groups]
        return answers

    def _each(self, shards, verb, *given, headers=None):
        """The same question to all shards, each where it was before, if that worker lives."""
        alive = list(self._client.nthreads())
        for shard in shards:
            if self._homes.get(shard) not in alive:  # beside its neighbours, with which it is merged
                held = Counter(map(self._homes.get, shards))
                least, more = divmod(len(shards), max(1, len(alive)))
                room = (worker for i, worker in enumerate(alive) if held[worker] < least + (i < more))
                self._homes[shard] = next(room, None)
        asked = [{**self.options, **header, "verb": verb} for header in headers or [{}] * len(shards)]
        return [self._ask(shard, header, *given, home=self._homes[shard]) for shard, header in zip(shards, asked)]

    def _told(self, answered):
        """The header of an answer, before what else a worker has to do."""
        return self._submit(itemgetter(0), answered, priority=1).result()

    def _ask(self, shard, header, *given, home=None):
        command = (*self._command, *shard, *(self._arguments if shard else ()))
        return self._submit(_ask, command, header, *given, workers=home and [home], allow_other_workers=bool(home))

    def _submit(self, function, *given, **how):
        return self._client.submit(function, *given, key="shard-%s" % uuid.uuid4().hex, retries=3, **how)

    def _begin(self, client):
        self._client = client or default_client()
        self._client.upload_file(__file__)  # to the workers that are still to come, too


class KMeans(_Estimator):
    """`init`: k rows, or None for k-means++ on a sample of the rows."""

    kind = "kmeans"

    def __init__(self, k, *, init=None, tolerance=1e-4, max_iter=300, seed=0, **others):
        super().__init__(k, init=init, tolerance=tolerance, max_iter=max_iter, seed=seed, **others)


class GaussianMixture(_Estimator):
    """`init`: a dict of means, and weights and covariances if wanted, or None for a fit to a sample of the rows."""

    kind = "mixture"

    def __init__(self, k, *, covarianceType="full", init=None, tolerance=1e-3, max_iter=100, seed=0, **others):
        options = {"covarianceType": covarianceType, "tolerance": tolerance, "seed": seed}
        super().__init__(k, init=init, max_iter=max_iter, **options, **others)
