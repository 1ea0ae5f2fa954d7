"""A run's files downloaded as a zip: its speed against the disk's, and the memory."""

from __future__ import annotations

import os
import time
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path

import click

from tests.bench.commands import AS_JSON
from tests.bench.files.server_memory import memory_of
from tests.bench.report import Report
from tests.parts.server import Server, running
from tests.parts.wire import Connection

PIECE = 256 * 1024


@click.command("zip")
@AS_JSON
@click.option("--megabytes", default=1000, show_default=True, help="Of all files.")
@click.option("--files", default=10, show_default=True, help="Files of the run.")
def zip_download(as_json: bool, megabytes: int, files: int) -> None:
    """Download a run's files as a zip from a fresh server."""
    from tests.bench.__main__ import fresh_home

    report = Report("A run's files as a zip")
    with fresh_home() as home, running(home) as server:
        _fill(server, megabytes, files)
        paths = [path for path in (home / "files").glob("??/*") if path.is_file()]
        for name in ("cold", "warm"):
            if name == "cold":
                _forget(paths)
            with memory_of(server) as peak:
                seconds = _seconds(lambda: _download(server))
            report.add(
                f"{name}, {megabytes:,} MB in {files} files",
                seconds=seconds,
                MB_per_second=megabytes / seconds,
                server_MB_before=peak.before,
                server_MB_at_most=peak.most,
            )
        seconds = _seconds(lambda: [_sum(path) for path in paths])
        report.add(
            "the same files read and summed, warm",
            seconds=seconds,
            MB_per_second=megabytes / seconds,
        )
    report.show(as_json=as_json)


def _fill(server: Server, megabytes: int, files: int) -> None:
    link = Connection(server)
    link.rest("POST", "/runs", {"experiment": "zip", "id": "zip"})
    data = os.urandom(megabytes * 1_000_000 // files)
    for number in range(files):
        path = f"/api/v1/workspaces/default/runs/zip/files/{number}.bin"
        link.ask("PUT", path, data)


def _forget(paths: list[Path]) -> None:
    """Have the system drop its copies of the files, which reading would use."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _download(server: Server) -> None:
    address = f"{server.url}/w/default/runs/zip/files/all.zip"
    asked = urllib.request.Request(
        address, headers={"Authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(asked, timeout=600) as answer:
        while answer.read(PIECE):
            pass


def _sum(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found = zlib.crc32(piece, found)
    return found


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
