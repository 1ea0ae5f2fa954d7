"""`python -m tests.bench mutants`: which wrong changes of the code the tests notice.

Each mutant is a copy of the checkout with one change. Its part's tests run there; a
mutant that no test fails for has survived.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import click

from tests.bench.mutation.mutants import Mutant, find_mutants
from tests.bench.mutation.parts import PARTS, Part
from tests.bench.report import Report
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.templates import FOLDER

#: Two mutants run at a time.
MAX_COPIES = 2
#: A mutant that loops forever is stopped: this many times what the tests take, plus.
TIMEOUT_FACTOR, TIMEOUT_EXTRA_SECONDS = 3, 60
#: pytest's exit statuses: all passed, and no test found.
PASSED, NO_TESTS = 0, 5


@dataclass(frozen=True)
class Checkout:
    """A copy of the checkout, in which one mutant at a time is tested."""

    folder: Path
    templates: Path

    def test(self, part: Part, *options: str, timeout: float | None = None) -> int:
        """Run the part's tests; return pytest's exit status, -1 after the timeout."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        process = subprocess.Popen(
            [*command, *options, *part.test_paths(self.folder)],
            cwd=self.folder,
            env={
                **quiet_environment(),
                FOLDER: str(self.templates),
                "PYTHONPATH": str(self.folder),
            },
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "output.txt").open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def failures(self) -> list[str]:
        """Return the tests that failed in the last run."""
        lines = (self.folder / "output.txt").read_text().splitlines()
        words = ("FAILED ", "ERROR ")
        return [line.split()[1] for line in lines if line.startswith(words)]

    @contextmanager
    def changed(self, mutant: Mutant) -> Iterator[None]:
        path = self.folder / mutant.path
        source = path.read_text(encoding="utf-8")
        path.write_text(mutant.apply(source), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(source, encoding="utf-8")


@contextmanager
def copied_checkouts() -> Iterator[list[Checkout]]:
    """Copy what git knows or would add; deleted afterwards."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    with tempfile.TemporaryDirectory(prefix="studio-mutants-") as folder:
        templates = Path(folder) / "templates"
        templates.mkdir()
        copies = [Checkout(Path(folder) / f"{n}", templates) for n in range(MAX_COPIES)]
        for copy in copies:
            for name in names:
                if (ROOT / name).is_file():
                    target = copy.folder / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, target)
        yield copies


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
    begun = time.monotonic()
    options = _unmutated_failures(part, copies[0])
    seconds = time.monotonic() - begun
    timeout = TIMEOUT_FACTOR * seconds + TIMEOUT_EXTRA_SECONDS
    free: SimpleQueue[Checkout] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def is_survivor(mutant: Mutant) -> bool:
        copy = free.get()
        try:
            with copy.changed(mutant):
                status = copy.test(part, "-x", *options, timeout=timeout)
        finally:
            free.put(copy)
        click.echo(f"{'SURVIVED' if status == PASSED else 'killed  '} {mutant}")
        return status == PASSED

    with ThreadPoolExecutor(len(copies)) as pool:
        results = list(pool.map(is_survivor, mutants))
    return [mutant for mutant, lives in zip(mutants, results, strict=True) if lives]


def _unmutated_failures(part: Part, copy: Checkout) -> list[str]:
    """Return the options that leave out tests which fail without any mutant."""
    status = copy.test(part)
    if status == NO_TESTS:
        raise click.ClickException("No tests found.")
    failures = copy.failures() if status != PASSED else []
    for each in failures:
        click.echo(f"left out, fails without a mutant: {each}")
    return [f"--deselect={each}" for each in failures]


def parts_named(names: Iterable[str]) -> dict[str, Part]:
    return {name: PARTS[name] for name in names or PARTS}


@click.command("mutants")
@click.option("--seed", default=1, show_default=True, help="Of the sample.")
@click.option("--count", default=20, show_default=True, help="Mutants of each part.")
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
    seed: int, count: int, names: tuple[str, ...], list_only: bool, as_json: bool
) -> None:
    """Change the code in small ways, and count the changes that the tests notice."""
    report = Report(f"Mutants, seed {seed}")
    with copied_checkouts() as copies:
        for name, part in parts_named(names).items():
            sample = sample_mutants(copies[0].folder, name, seed, count)
            if list_only:
                click.echo("\n".join(map(str, sample)))
                continue
            alive = survivors(part, sample, copies)
            killed = len(sample) - len(alive)
            percent = round(100 * killed / max(1, len(sample)))
            report.add(name, mutants=len(sample), killed=killed, percent=percent)
            report.notes += [f"survived, {name}: {mutant}" for mutant in alive]
    if not list_only:
        report.show(as_json=as_json)
