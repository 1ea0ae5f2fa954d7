"""The attacks of the tests with many more examples, and a seed that is printed."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import click

from tests.parts.clients import ROOT


@click.command()
@click.option("--examples", default=100, show_default=True, help="For each address.")
@click.option("--seed", type=int, help="Of an earlier run, to repeat it.")
def attacks(examples: int, seed: int | None) -> None:
    """Fuzz every address of REST and MLflow, and try all other attacks."""
    seed = random.randrange(2**31) if seed is None else seed
    click.echo(f"Seed: {seed}")
    folders = ("tests/attacks", "tests/access", "tests/web")
    command = [sys.executable, "-m", "pytest", "-q", *folders]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", f"--hypothesis-seed={seed}"],
        cwd=ROOT,
        env={**os.environ, "STUDIO_TEST_EXAMPLES": str(examples)},
        check=False,
    )
    sys.exit(done.returncode)
