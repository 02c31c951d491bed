"""Fits shards on a cluster, as the JSON of its argument or of its input says, and prints what came of it as JSON."""

import contextlib
import json
import os
import signal
import sys
import time

import dask
from distributed import Client, LocalCluster

def main():
    asked = json.loads(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read())
    sys.path.insert(0, asked["module"])
    from webgpu_clustering_dask import GaussianMixture, KMeans, shards_of

    dask.config.set({"distributed.scheduler.allowed-failures": 20})
    with contextlib.ExitStack() as stack:
        cluster = asked.get("scheduler")
        if cluster is None:
            threads = asked.get("threads", 1)
            local = LocalCluster(n_workers=asked["workers"], threads_per_worker=threads, processes=True, dashboard_address=None)
            cluster = stack.enter_context(local)
        client = stack.enter_context(Client(cluster))
        client.wait_for_workers(asked["workers"])
        processes = client.run(os.getpid)
        passes = []

        def watch(progress):
            seconds = time.monotonic() - started
            passes.append({"iteration": progress["iteration"], "counted": progress["counted"], "moved": progress.get("moved", 0), "ms": 1e3 * seconds})
            if progress["iteration"] == asked.get("kill"):
                for victim, process in sorted(processes.items(), reverse=True)[: asked.get("victims", 1)]:
                    print("killed worker %s behind iteration %d" % (victim, asked["kill"]), file=sys.stderr, flush=True)
                    os.kill(process, signal.SIGKILL)
            return "stop" if progress["iteration"] == asked.get("stop") else None

        shards = shards_of(asked["file"], asked["columns"], asked["cuts"])
        estimator = {"kmeans": KMeans, "mixture": GaussianMixture}[asked["kind"]](**asked["options"], command=asked["command"], arguments=["--threads", "1"])
        started = time.monotonic()
        estimator.fit(shards, client, checkpoint=asked.get("checkpoint"), on_iteration=watch)
        labels = b"".join(client.gather(estimator.predict(shards, client))) if asked.get("labels") else b""
        json.dump({"model": estimator.model_, "passes": passes, "labels": labels.hex()}, sys.stdout)


if __name__ == "__main__":
    main()
