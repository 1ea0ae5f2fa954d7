"""Run one registry script with MLflow clients, here and against MLflow's own server."""

from __future__ import annotations

import difflib
import tempfile
from pathlib import Path

import click

from tests.bench import places
from tests.parts.clients import VERSIONS, run_module
from tests.parts.server import running

SCRIPT = "tests.e2e.registry.client_script"
OUTCOMES = Path(__file__).parents[2] / "e2e" / "registry" / "outcomes"


@click.command("mlflow-registry")
@click.option(
    "--mlflow",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="MLflow's program, which starts its own server.",
)
@click.option("--client", "clients", multiple=True, help="A version; else all.")
@click.option("--write", is_flag=True, help="Keep what MLflow's server answered.")
def mlflow_registry(mlflow: Path, clients: tuple[str, ...], write: bool) -> None:
    """Compare what a script of the model registry gets from both servers.

    Ends with 1 if a line differs.
    """
    is_same = True
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        folder = Path(name)
        places.enter(folder / "home", {})
        # It imports the models, which Django must have set up.
        from tests.bench.peer import mlflow_server

        with (
            running(folder / "home") as server,
            mlflow_server(mlflow, folder / "peer") as address,
        ):
            for version in clients or VERSIONS:
                theirs = run_module(
                    version, SCRIPT, env={"MLFLOW_TRACKING_URI": address}
                )
                ours = run_module(version, SCRIPT, env=server.environment)
                is_same = show_differences(version, ours, theirs) and is_same
                if write:
                    (OUTCOMES / f"{version}.txt").write_text(theirs)
    if not is_same:
        raise SystemExit(1)


def show_differences(version: str, ours: str, theirs: str) -> bool:
    """Print the lines that differ, and return whether there are none."""
    lines = list(
        difflib.unified_diff(
            theirs.splitlines(), ours.splitlines(), "MLflow", "Run Studio", lineterm=""
        )
    )
    click.echo("\n".join([f"{version}: {len(theirs.splitlines())} outcomes", *lines]))
    return not lines
