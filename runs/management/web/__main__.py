"""`python -m runs.management.web`: the main process of the web server."""

from __future__ import annotations

import argparse
import atexit
import gc

from runs.management import parent_watchdog
from runs.management.web.server import raise_open_file_limit
from runs.management.web.worker_processes import WorkerProcesses, open_listener, preload


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args()
    parent_watchdog.end_with_parent(options.parent)
    raise_open_file_limit()
    # At the exit everything would be searched for garbage.
    atexit.register(gc.freeze)
    preload()
    WorkerProcesses(open_listener(options.host, options.port), options.processes).run()


if __name__ == "__main__":
    main()
