"""`python -m tests.bench mutants`: which wrong changes of the code the tests notice.

Each mutant is a copy of the checkout with one change. The tests of its part that call
the changed function run there; a mutant that no test fails for has survived.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from tests.bench.mutation import forks
from tests.bench.mutation.mutants import Mutant, find_mutants
from tests.bench.mutation.parts import PARTS, Part
from tests.bench.report import Report
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.templates import FOLDER


@dataclass(frozen=True)
class Checkout:
    """A copy of the checkout, in which one mutant at a time is tested."""

    folder: Path
    templates: Path

    def test(self, part: Part, mutants: Sequence[Mutant]) -> Iterator[dict[str, Any]]:
        """Yield the results that `forks` reports: first the run without a mutant."""
        listed = self.folder / "mutants.json"
        listed.write_text(json.dumps([asdict(each) for each in mutants]))
        reading, writing = os.pipe()
        options = ["-q", "-p", "no:cacheprovider", "-p", forks.__name__]
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pytest",
                *options,
                *part.find_tests(self.folder),
            ],
            cwd=self.folder,
            env={
                **quiet_environment(),
                FOLDER: str(self.templates),
                "PYTHONPATH": str(self.folder),
                "TMPDIR": str(self.folder.parent),
                forks.MUTANTS: str(listed),
                forks.RESULTS: str(writing),
            },
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "output.txt").open("w"),
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
        )
        os.close(writing)
        with os.fdopen(reading) as results:
            yield from map(json.loads, results)
        if process.wait():
            raise click.ClickException((self.folder / "output.txt").read_text())


@contextmanager
def copied_checkouts(copies: int) -> Iterator[list[Checkout]]:
    """Copy what git knows or would add; deleted afterwards."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    with tempfile.TemporaryDirectory(prefix="studio-mutants-") as folder:
        templates = Path(folder) / "templates"
        templates.mkdir()
        made = [Checkout(Path(folder) / f"{n}", templates) for n in range(copies)]
        for copy in made:
            for name in names:
                if (ROOT / name).is_file():
                    target = copy.folder / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, target)
        yield made


def sample_mutants(root: Path, name: str, seed: int, count: int) -> list[Mutant]:
    """Choose mutants of a part; the same ones for the same seed and the same code."""
    found = [
        mutant
        for path in PARTS[name].source_paths(root)
        for mutant in find_mutants(path, (root / path).read_text(encoding="utf-8"))
    ]
    chosen = random.Random(f"{seed} {name}")
    return chosen.sample(found, min(count, len(found)))


def survivors(
    part: Part, mutants: Sequence[Mutant], copies: Sequence[Checkout]
) -> list[Mutant]:
    """Test each mutant and print the result; return those that no test noticed."""

    def find_survivors(copy: Checkout, mutants: Sequence[Mutant]) -> list[Mutant]:
        alive = []
        results = copy.test(part, mutants)
        for each in next(results)["failures"]:
            click.echo(f"left out, fails without a mutant: {each}")
        for mutant, result in zip(mutants, results, strict=True):
            if not result["killed"]:
                alive.append(mutant)
            click.echo(f"{'killed  ' if result['killed'] else 'SURVIVED'} {mutant}")
        return alive

    shares = [mutants[start :: len(copies)] for start in range(len(copies))]
    with ThreadPoolExecutor(len(copies)) as pool:
        found = list(pool.map(find_survivors, copies, shares))
    return [mutant for alive in found for mutant in alive]


def parts_named(names: Iterable[str]) -> dict[str, Part]:
    return {name: PARTS[name] for name in names or PARTS}


@click.command("mutants")
@click.option("--seed", default=1, show_default=True, help="Of the sample.")
@click.option("--count", default=20, show_default=True, help="Mutants of each part.")
@click.option("--copies", default=2, show_default=True, help="Mutants at a time.")
@click.option(
    "--part",
    "names",
    multiple=True,
    type=click.Choice(list(PARTS)),
    help="Repeatable; all parts by default.",
)
@click.option("--list", "list_only", is_flag=True, help="Print the sample only.")
@click.option("--json", "as_json", is_flag=True, help="JSON, not a table.")
def mutants(
    seed: int,
    count: int,
    copies: int,
    names: tuple[str, ...],
    list_only: bool,
    as_json: bool,
) -> None:
    """Change the code in small ways, and count the changes that the tests notice."""
    report = Report(f"Mutants, seed {seed}")
    with copied_checkouts(copies) as checkouts:
        for name, part in parts_named(names).items():
            sample = sample_mutants(checkouts[0].folder, name, seed, count)
            if list_only:
                click.echo("\n".join(map(str, sample)))
                continue
            alive = survivors(part, sample, checkouts)
            killed = len(sample) - len(alive)
            percent = round(100 * killed / max(1, len(sample)))
            report.add(name, mutants=len(sample), killed=killed, percent=percent)
            report.notes += [f"survived, {name}: {mutant}" for mutant in alive]
    if not list_only:
        report.show(as_json=as_json)
