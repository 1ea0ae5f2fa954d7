"""What real processes print is read back whole: progress bars, ranks, a kill."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runs.search.logs import LogWindow, WindowQuery, read_outline, read_window
from tests.search.logs.log_files import log_folder, store_log

__all__ = ["log_folder"]
pytestmark = pytest.mark.usefixtures("log_folder")


def print_to_file(code: str, path: Path) -> bytes:
    with path.open("wb") as log:
        subprocess.run(
            [sys.executable, "-c", code], stdout=log, stderr=log, check=False
        )
    return path.read_bytes()


def print_to_terminal(code: str) -> bytes:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=follower, stderr=follower
    )
    os.close(follower)
    parts = []
    try:
        while part := os.read(leader, 65536):
            parts.append(part)
    except OSError:
        # Linux reports the end of the other side as an error.
        pass
    finally:
        os.close(leader)
        process.wait()
    return b"".join(parts)


def window_of(data: bytes) -> LogWindow:
    return read_window(store_log(data), WindowQuery(is_end=True))


TQDM = """
import sys
from tqdm import tqdm
print("start", flush=True)
for _ in tqdm(range(196), desc="epoch 31", mininterval=0, file=sys.stdout): pass
print("end")
"""


def test_a_bar_of_tqdm_is_one_line(tmp_path: Path) -> None:
    data = print_to_file(TQDM, tmp_path / "log")
    lines = window_of(data).lines
    assert [line.text for line in (lines[0], lines[-1])] == ["start", "end"]
    assert len(lines) == 3
    assert lines[1].text.startswith("epoch 31: 100%")
    assert "196/196" in lines[1].text
    assert lines[1].updates == data.count(b"\r") - 1


KILLED = """
import os, signal, sys
from tqdm import tqdm
print("INFO: begin", flush=True)
for n in tqdm(range(196), mininterval=0, file=sys.stdout):
    if n == 80:
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_in_a_bar_leaves_its_last_state(tmp_path: Path) -> None:
    first, bar = window_of(print_to_file(KILLED, tmp_path / "log")).lines
    assert (first.text, first.level) == ("INFO: begin", "info")
    assert "80/196" in bar.text
    assert bar.updates == 80


RICH = """
import logging
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import track
console = Console(force_terminal=True, width=100, color_system="standard")
logging.basicConfig(level="INFO", format="%(message)s", datefmt="[%x %X]",
                    handlers=[RichHandler(console=console, rich_tracebacks=True)])
logging.warning("loss scale lowered")
for _ in track(range(5), console=console, description="steps"): pass
console.print("[bold green]done[/]")
try:
    1 / 0
except ZeroDivisionError:
    console.print_exception()
"""


def test_output_of_rich_has_levels_colors_and_its_traceback() -> None:
    data = print_to_terminal(RICH)
    lines = window_of(data).lines
    assert lines[0].level == "warn"
    assert lines[0].time is not None
    assert "loss scale lowered" in lines[0].text
    (bar,) = (line for line in lines if line.text.startswith("steps"))
    assert "100%" in bar.text
    (done,) = (line for line in lines if line.text.strip() == "done")
    assert done.spans[0].classes == "ansi-green ansi-bold"
    (found,) = read_outline(store_log(data)).tracebacks
    assert (found.name, found.message) == ("ZeroDivisionError", "division by zero")
    assert not any("\x1b" in line.text for line in lines)


RANK = """
# One write per line, as torchrun does: two processes share the file.
import os, sys
rank, count = sys.argv[1], 300
for step in range(count):
    os.write(1, f"[rank{rank}]: 2026-11-24 12:27:40 INFO step {step}\\n".encode())
if rank == "1":
    import traceback
    try:
        raise RuntimeError("CUDA out of memory")
    except RuntimeError:
        for line in traceback.format_exc().splitlines():
            os.write(1, f"[rank1]: {line}\\n".encode())
"""


def test_two_ranks_in_one_log_are_both_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("ab") as log:
        ranks = [
            subprocess.Popen([sys.executable, "-c", RANK, rank], stdout=log, stderr=log)
            for rank in "01"
        ]
    assert [rank.wait() for rank in ranks] == [0, 0]
    source = store_log(path.read_bytes())
    texts = [line.text for line in read_window(source, WindowQuery(count=2000)).lines]
    for rank in "01":
        of_rank = [text for text in texts if text.startswith(f"[rank{rank}]: 2026")]
        assert [text.rpartition(" ")[2] for text in of_rank] == [*map(str, range(300))]
    (found,) = read_outline(source).tracebacks
    assert (found.name, found.message) == ("RuntimeError", "CUDA out of memory")


def test_a_writer_killed_in_mid_line_loses_nothing_before(tmp_path: Path) -> None:
    code = "import itertools\nfor n in itertools.count(): print('line', n, flush=True)"
    path = tmp_path / "log"
    with path.open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=log)
        while path.stat().st_size < 10_000:
            assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    data = path.read_bytes()
    lines = read_window(store_log(data[:-3]), WindowQuery(count=2000)).lines
    shown = [line.text for line in lines]
    assert shown == data[:-3].decode().split("\n")[:2000][: len(shown)]
