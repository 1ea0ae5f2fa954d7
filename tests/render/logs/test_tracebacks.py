"""Tracebacks, as Python, ranks and rich write them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runs.render.logs import (
    TRACEBACK_MARK,
    Traceback,
    TracebackFinder,
    plain_text,
)


def find(text: str) -> list[Traceback]:
    finder = TracebackFinder()
    for number, line in enumerate(text.split("\n"), 1):
        finder.read(number, plain_text(line))
    finder.finish()
    return finder.found


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    return done.stderr


@pytest.mark.parametrize(
    ("code", "name", "message", "chained"),
    [
        ("1/0", "ZeroDivisionError", "division by zero", 0),
        ("import queue; raise queue.Empty", "_queue.Empty", "", 0),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "", 0),
        ("raise ValueError('a: b\\nsecond line')", "ValueError", "a: b", 0),
        (
            "f = lambda n: f(n)\nf(1)",
            "RecursionError",
            "maximum recursion depth exceeded",
            0,
        ),
        ("try:\n 1/0\nexcept Exception:\n raise KeyError('k')", "KeyError", "'k'", 1),
        (
            "try:\n 1/0\nexcept Exception as e:\n raise OSError('x') from e",
            "OSError",
            "x",
            1,
        ),
        (
            "raise ExceptionGroup('two', [ValueError('a'), TypeError('b')])",
            "ExceptionGroup",
            "two (2 sub-exceptions)",
            0,
        ),
    ],
)
def test_python_tracebacks(code: str, name: str, message: str, chained: int) -> None:
    text = "before\n" + run_python(code)
    (found,) = find(text + "2026-11-24 12:00:00 INFO after")
    assert (found.first, found.name, found.message, found.chained) == (
        2,
        name,
        message,
        chained,
    )
    lines = text.rstrip("\n").split("\n")
    assert found.last == len(lines) - ("second line" in text)


def test_a_syntax_error_has_no_traceback_head() -> None:
    assert find(run_python("def f(:\n pass")) == []


RANKS = """\
[rank0]: Traceback (most recent call last):
[rank1]: Traceback (most recent call last):
[rank0]:   File "a.py", line 1, in <module>
step 12 of another process
[rank1]:   File "a.py", line 2, in <module>
[rank1]:     raise ValueError("one")
[rank0]:     raise ValueError("zero")
[rank0]: ValueError: zero
[rank1]: ValueError: one
"""


def test_tracebacks_of_ranks_can_be_mixed() -> None:
    found = find(RANKS)
    assert [(t.first, t.last, t.message) for t in found] == [
        (1, 8, "zero"),
        (2, 9, "one"),
    ]


RICH = """\
╭───────── Traceback (most recent call last) ─────────╮
│ /a.py:1 in <module>                                 │
│ ❱ 1 1/0                                             │
╰─────────────────────────────────────────────────────╯
ZeroDivisionError: division by zero
"""


def test_tracebacks_of_rich() -> None:
    assert find(RICH) == [Traceback(1, 5, "ZeroDivisionError", "division by zero")]


def test_a_cut_traceback_has_no_name() -> None:
    text = 'x\nTraceback (most recent call last):\n  File "a.py", line 1, in f'
    assert find(text) == [Traceback(2, 3)]


def test_colored_tracebacks() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File \x1b[35m"a.py"\x1b[0m, line \x1b[35m1\x1b[0m, in \x1b[35mf\x1b[0m\n'
        "\x1b[1;35mValueError\x1b[0m: \x1b[35mx\x1b[0m\n"
    )
    assert find(text) == [Traceback(1, 3, "ValueError", "x")]


def test_many_open_tracebacks_stay_bounded() -> None:
    text = "\n".join(f"[{n}] Traceback (most recent call last):" for n in range(10_000))
    assert len(find(text)) <= 10_000


@pytest.mark.parametrize("before", [" " * 300_000, "x" * 201, "\u256d " * 100_000])
def test_a_long_text_before_a_traceback_is_no_prefix(before: str) -> None:
    # An expression that looks for the prefix would need minutes for many blanks.
    assert find(f"{before}Exception Group x {TRACEBACK_MARK}:\nValueError: a\n") == []
