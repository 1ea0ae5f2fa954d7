"""`python -m runs.management.web`: the main process of the web server."""

from __future__ import annotations

import argparse

from runs.management import tether
from runs.management.web.processes import Processes, listen, preload
from runs.management.web.serving import allow_many_files


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    given = parser.parse_args()
    tether.tie(given.parent)
    allow_many_files()
    preload()
    Processes(listen(given.host, given.port), given.processes).run()


if __name__ == "__main__":
    main()
