"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

import click
import psutil


@dataclass(frozen=True)
class Line:
    """One measured thing; `limit` is what the design allows, in the same unit."""

    name: str
    figures: dict[str, float | int | str]
    limit: str = ""


@dataclass
class Report:
    title: str
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, limit: str = "", **figures: float | int | str) -> None:
        self.lines.append(Line(name, figures, limit))
        # Long measurements say how far they are, and keep what they know if cut off.
        shown_figures = ", ".join(
            f"{key} {shown(value)}" for key, value in figures.items()
        )
        click.echo(f"{name}: {shown_figures}", err=True)

    def show(self, *, as_json: bool) -> None:
        click.echo(self.as_json() if as_json else self.as_table())

    def as_json(self) -> str:
        lines = [asdict(line) for line in self.lines]
        report = {"title": self.title, **machine(), "lines": lines, "notes": self.notes}
        return json.dumps(report, indent=1)

    def as_table(self) -> str:
        """Markdown, as docs/performance.md holds it."""
        names = list(dict.fromkeys(n for line in self.lines for n in line.figures))
        head = ["work", *(name.replace("_", " ") for name in names), "at most"]
        rows = [
            [line.name, *(shown(line.figures.get(n, "")) for n in names), line.limit]
            for line in self.lines
        ]
        where = ", ".join(f"{key} {value}" for key, value in machine().items())
        notes = [f"\n{note}" for note in self.notes]
        return "\n".join([f"{self.title} ({where})", "", *table([head, *rows]), *notes])


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, row in enumerate(rows):
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        yield f"| {' | '.join(cells)} |"
        if place == 0:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"


def shown(value: float | int | str) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value.replace("|", "\\|")


def machine() -> dict[str, str]:
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processors": str(os.cpu_count()),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def busy(top: psutil.Process) -> float:
    """Processor seconds that a process and those below it have used."""
    total = 0.0
    for process in [top, *top.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            total += used.user + used.system
    return total


@dataclass(frozen=True)
class Took:
    """Milliseconds: by the clock, and of this process's processors."""

    wall: float
    cpu: float


def measured(work: Callable[[], object], repeats: int, *, patience: float = 3) -> Took:
    """Medians of some runs of `work` after one that fills the caches.

    Slow work runs less often: no more after `patience` seconds. Only of work that takes
    ten times as long does the first run count.
    """
    first = _took(work)
    if first.wall > 10_000 * patience:
        return first
    found: list[Took] = []
    end = time.monotonic() + patience
    while len(found) < repeats and (not found or time.monotonic() < end):
        found.append(_took(work))
    return Took(
        statistics.median(took.wall for took in found),
        statistics.median(took.cpu for took in found),
    )


def _took(work: Callable[[], object]) -> Took:
    start, busy = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - start, time.process_time() - busy
    return Took(wall * 1000, cpu * 1000)


def times(work: Callable[[], object], repeats: int) -> float:
    """Milliseconds by the clock."""
    return measured(work, repeats).wall
