"""Which functions each test calls: a mutant needs only the tests that call its own."""

from __future__ import annotations

import ast
import sys
import threading
from pathlib import Path
from types import FrameType

#: The tests that call each function, by "path:line" of its first line.
Calls = dict[str, list[str]]


def function_lines(source: str, line: int) -> list[int]:
    """Return the first lines of the functions around a line, the outermost first.

    A function begins with its first decorator, as its code object does.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and (
            node.lineno <= line <= (node.end_lineno or 0)
        ):
            lines = [node.lineno, *(each.lineno for each in node.decorator_list)]
            found.append(min(lines))
    return sorted(found)


def find_nearest_tests(path: str, lines: list[int], calls: Calls) -> list[str]:
    """Return the tests that call the innermost function, else those of the file.

    Empty if no test calls any of them in its own process.
    """
    if lines:
        return calls.get(f"{path}:{lines[-1]}", [])
    of_file = [tests for key, tests in calls.items() if key.startswith(f"{path}:")]
    return list(dict.fromkeys(test for tests in of_file for test in tests))


class CallRecorder:
    """Records calls of functions below the current folder, in all threads.

    As a profiler, since some tests trace the code themselves.
    """

    def __init__(self) -> None:
        self._root = f"{Path.cwd()}/"
        self._test = ""
        self._calls: dict[str, dict[str, None]] = {}

    @property
    def calls(self) -> Calls:
        return {key: list(tests) for key, tests in self._calls.items()}

    def start(self, test: str) -> None:
        self._test = test
        # Threads of earlier tests are in functions that they do not call again.
        for frame in sys._current_frames().values():
            caller: FrameType | None = frame
            while caller is not None:
                self._record(caller, "call", None)
                caller = caller.f_back
        threading.setprofile(self._record)
        sys.setprofile(self._record)

    def stop(self) -> None:
        sys.setprofile(None)

    def _record(self, frame: FrameType, event: str, _argument: object) -> None:
        if event != "call":
            return
        code = frame.f_code
        if code.co_filename.startswith(self._root):
            path = code.co_filename.removeprefix(self._root)
            key = f"{path}:{code.co_firstlineno}"
            self._calls.setdefault(key, {})[self._test] = None
