"""Environments of the MLflow clients, one per version, made by .ci/make-clients."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from tests.parts.needs import missing

ROOT = Path(__file__).resolve().parent.parent.parent
#: How the variables begin that steer MLflow, this project or its tests.
STEERING = ("MLFLOW_", "STUDIO_", "DJANGO_", "DATABASE_URL", "PYTEST_")
VERSIONS = tuple(
    sorted(
        (path.stem for path in (ROOT / ".ci/clients").glob("*.in")),
        key=lambda name: [int(part) for part in name.split(".")],
    )
)


def python_of(version: str) -> Path:
    """The interpreter that has this MLflow client; skips or fails without one.

    The newest client is among the tests' own dependencies.
    """
    folder = Path(os.environ.get("STUDIO_TEST_CLIENTS") or ROOT / ".clients")
    python = folder / version / "bin" / "python"
    if not python.exists():
        if metadata.version("mlflow-skinny") == version:
            return Path(sys.executable)
        missing(f"MLflow client {version}", "Make it: .ci/make-clients")
    return python


def run_module(
    version: str, module: str, *words: str, env: Mapping[str, str], seconds: int = 300
) -> str:
    """Runs a module with that client and returns what it printed; fails with both."""
    done = subprocess.run(
        [python_of(version), "-m", module, *words],
        env={**quiet_environment(), **env},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    said = f"{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
    assert done.returncode == 0, f"MLflow {version}, {module}:\n{said}"
    return done.stdout


def quiet_environment() -> dict[str, str]:
    """The environment of this process without what steers MLflow or this project."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(STEERING)
    }
    # More threads would wait for each other where several tests share the processors.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    mlflow = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
    # Most tests list all metrics of a run.
    own = {"MPLBACKEND": "Agg", "STUDIO_SYSTEM_METRICS": "off", "STUDIO_CAPTURE": "0"}
    return {**kept, **threads, **mlflow, **own}
