"""A large log read and searched over HTTP, and the server's memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import click

from tests.bench.commands import AS_JSON, REPEATS, options
from tests.bench.files.server_memory import memory_of
from tests.bench.report import Report
from tests.parts.server import running
from tests.parts.wire import Connection

LINE = (
    "2026-11-24 {hour:02}:{minute:02}:{second:02},000 INFO  epoch {number}/90  "
    "train/loss 0.9420  val/loss 0.9183  val/acc 0.7409\n"
)
APPEND_BYTES = 4_000_000
LINES_PER_SECOND = 200
UPLOAD = "/api/v1/workspaces/default/runs/logs/files"
APPEND = f"{UPLOAD}/logs/user_log.txt"
LOG = "/runs/logs/logs?"
SEARCH = "/runs/logs/logs/search?"


@click.command("logs")
@options(
    AS_JSON,
    REPEATS,
    click.option("--megabytes", default=1000, show_default=True, help="Of the log."),
)
def log_reading(as_json: bool, repeats: int, megabytes: int) -> None:
    """Append to a log on a fresh server, then read and search it."""
    from tests.bench.__main__ import fresh_home

    report = Report(f"A log of {megabytes:,} MB")
    with fresh_home() as home, running(home) as server:
        link = Connection(server)
        link.rest("POST", "/runs", {"experiment": "logs", "id": "logs"})
        seconds = _seconds(lambda: _append(link, megabytes))
        report.add("appended in pieces of 4 MB", ms=seconds * 1000)
        with memory_of(server) as peak:
            _measure(link, report, repeats)
        report.add("memory of the server, in MB", before=peak.before, at_most=peak.most)
        _measure_cold(home, link, report)
        _measure_uploaded(link, report, megabytes, repeats)
    report.show(as_json=as_json)


def _append(link: Connection, megabytes: int) -> None:
    second, sent = 0, 0
    while sent < megabytes * 1_000_000:
        count = APPEND_BYTES // len(_lines_of_second(0))
        piece = "".join(_lines_of_second(second + n) for n in range(count)).encode()
        second += count
        link.ask("PATCH", f"{APPEND}?offset={sent}", piece)
        sent += len(piece)


def _lines_of_second(second: int) -> str:
    minute, hour = second // 60 % 60, second // 3600 % 24
    line = LINE.format(hour=hour, minute=minute, second=second % 60, number=second)
    return line * LINES_PER_SECOND


def _measure(link: Connection, report: Report, repeats: int) -> None:
    found = link.rest("GET", f"{LOG}end=1&count=300")
    total, size = found["total"], found["size"]
    windows = {
        "the last 300 lines": ("end=1&count=300", "100 ms"),
        "300 lines in the middle": (f"line={total // 2}&count=300", "100 ms"),
        "300 lines at a byte": (f"byte={size // 3}&count=300", "100 ms"),
        "the line of a moment": ("at=1795500000000&count=300", "100 ms"),
        "what is new, nothing": (f"since={size}", "20 ms"),
        "the last 100 lines with a text": ("end=1&count=100&q=loss", "500 ms"),
    }
    for name, (query, limit) in windows.items():
        report.add(
            name, limit, ms=_median(repeats, partial(link.rest, "GET", LOG + query))
        )
    searches: dict[str, dict[str, object]] = {
        "a text that is in no line": {"q": "no such text"},
        "the same, case as written": {"q": "no such text", "case": 1},
        "a regular expression": {"q": r"acc 0\.[89]\d+", "regex": 1},
        "one that never ends elsewhere": {"q": r"(\w+\s?)+\?$", "regex": 1},
    }
    for name, given in searches.items():
        limit = "" if "regex" in given else "2,000 ms"
        report.add(name, limit, ms=_median(3, partial(_search, link, given)))
    first = _seconds(lambda: link.rest("GET", f"{SEARCH}q=epoch"))
    report.add("the first 200 hits of a frequent text", "500 ms", ms=first * 1000)
    report.add(
        "tracebacks and levels, first", ms=_seconds(lambda: _outline(link)) * 1000
    )
    report.add(
        "tracebacks and levels, again", ms=_seconds(lambda: _outline(link)) * 1000
    )


def _measure_cold(home: Path, link: Connection, report: Report) -> None:
    """A log that an older release stored has no line index until it is read."""
    for index in home.glob("files/derived/*/*"):
        index.unlink()
    seconds = _seconds(lambda: link.rest("GET", f"{LOG}end=1&count=300"))
    report.add("the last 300 lines, without the index", ms=seconds * 1000)
    for index in home.glob("files/derived/*/*"):
        index.unlink()
    page, openings = "/w/default/runs/logs/files/?path=logs/user_log.txt", []
    is_counting = True
    while is_counting:
        start = time.perf_counter()
        is_counting = b"is-uncounted" in link.ask("GET", page)
        openings.append((time.perf_counter() - start) * 1000)
    report.add("page without the index, first", ms=openings[0])
    report.add("the slowest of its polls", "300 ms", ms=max(openings[1:], default=0))
    report.add("page with the index", ms=openings[-1], requests=len(openings))


def _measure_uploaded(
    link: Connection, report: Report, megabytes: int, repeats: int
) -> None:
    """One request writes the whole file; its lines are counted at its end."""
    path = "logs/uploaded.txt"
    chunk = "".join(_lines_of_second(n) for n in range(200)).encode()
    text = chunk * (megabytes * 1_000_000 // len(chunk))
    seconds = _seconds(lambda: link.ask("PUT", f"{UPLOAD}/{path}", text))
    report.add("uploaded in one request", ms=seconds * 1000)
    last = f"{LOG}end=1&count=300&path={path}"
    read = partial(link.rest, "GET", last)
    seconds = _seconds(read)
    report.add("the last 300 lines of it, right after", "100 ms", ms=seconds * 1000)
    report.add("the last 300 lines of it", "100 ms", ms=_median(repeats, read))


def _search(link: Connection, query: dict[str, object]) -> None:
    after = "0"
    while after:
        found = link.rest("GET", SEARCH + urlencode({**query, "after": after}))
        after = found["next"]


def _outline(link: Connection) -> None:
    while not link.rest("GET", "/runs/logs/logs/outline")["is_done"]:
        pass


def _median(repeats: int, work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(repeats)) * 1000


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
