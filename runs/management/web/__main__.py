"""`python -m runs.management.web`: the main process of the web server."""

from __future__ import annotations

import argparse

from runs.management import parent_watchdog
from runs.management.web.server import allow_many_files
from runs.management.web.worker_processes import WorkerProcesses, listen, preload


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    given = parser.parse_args()
    parent_watchdog.end_with_parent(given.parent)
    allow_many_files()
    preload()
    WorkerProcesses(listen(given.host, given.port), given.processes).run()


if __name__ == "__main__":
    main()
