"""`python -m studio.runner.job FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from studio.runner.job import run_job

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m studio.runner.job FOLDER")
    sys.exit(run_job(Path(sys.argv[1]).absolute()))
