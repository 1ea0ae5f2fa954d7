"""A pytest plugin that tests each mutant in a fork of the process with the tests.

Most mutants change the code of a function, which the fork replaces. The others need a
new process, which imports the changed file.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from django.conf import settings

from tests.bench.mutation.calls import (
    CallRecorder,
    Calls,
    find_nearest_tests,
    function_lines,
)
from tests.bench.mutation.mutants import Mutant

#: Names the file with the mutants, and the descriptor to write the results to.
MUTANTS, RESULTS = "STUDIO_MUTANTS", "STUDIO_MUTANTS_RESULTS"
#: Names the file with the only tests to run, in a process for one mutant.
ONLY = "STUDIO_MUTANTS_ONLY"
#: A mutant that loops forever is stopped: this many times what the tests take, plus.
TIMEOUT_FACTOR, TIMEOUT_EXTRA_SECONDS = 3, 20
#: pytest's exit statuses: all passed, some failed.
PASSED, FAILED = 0, 1


_at_imports = CallRecorder()
if MUTANTS in os.environ:
    _at_imports.start("")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if ONLY in os.environ:
        only = set(json.loads(Path(os.environ[ONLY]).read_text(encoding="utf-8")))
        items[:] = [item for item in items if item.nodeid in only]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if MUTANTS not in os.environ:
        return None
    _at_imports.stop()
    path = Path(os.environ.pop(MUTANTS))
    mutants = [Mutant(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    # Created here, it is deleted at the end of this process, not left by each fork.
    session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    bench = _Bench(session)
    with os.fdopen(int(os.environ.pop(RESULTS)), "w") as results:
        failures = bench.run_without_mutant()
        print(json.dumps({"failures": failures}), file=results, flush=True)
        for number, mutant in enumerate(mutants):
            is_killed = bench.test(mutant)
            result = {"mutant": number, "killed": is_killed}
            print(json.dumps(result), file=results, flush=True)
    return True


class _Bench:
    """The collected tests, and which functions each of them calls."""

    def __init__(self, session: pytest.Session) -> None:
        self._items = list(session.items)
        self._session = session
        self._calls: Calls = {}
        self._seconds: dict[str, float] = {}
        # What ran at imports runs with the mutant in a new process only.
        self._imported = set(_at_imports.calls)

    def run_without_mutant(self) -> list[str]:
        """Record the calls; leave out the tests that fail without any mutant."""
        recorded, recorder = Path("calls.json"), CallRecorder()
        failures, seconds = list[str](), dict[str, float]()

        def run() -> int:
            for item, following in _with_next(self._items):
                before, begun = self._session.testsfailed, time.monotonic()
                recorder.start(item.nodeid)
                _run_test(item, following)
                recorder.stop()
                if self._session.testsfailed > before:
                    failures.append(item.nodeid)
                seconds[item.nodeid] = time.monotonic() - begun
            recorded.write_text(json.dumps([failures, seconds, recorder.calls]))
            return PASSED

        _wait_for_fork(run, 3600)
        failures, self._seconds, self._calls = json.loads(recorded.read_text())
        self._items = self._quick_files_first(failures)
        return failures

    def _quick_files_first(self, failures: Sequence[str]) -> list[pytest.Item]:
        """Sort by file only: its tests share what the fixtures of the module build."""
        of_files: dict[Path, float] = defaultdict(float)
        for item in self._items:
            of_files[item.path] += self._seconds[item.nodeid]
        kept = [item for item in self._items if item.nodeid not in failures]
        return sorted(kept, key=lambda item: of_files[item.path])

    def test(self, mutant: Mutant) -> bool:
        """Whether a test fails for the mutant. Its file is changed during the test."""
        path = Path(mutant.path)
        source = path.read_text(encoding="utf-8")
        changed = mutant.apply(source)
        lines = function_lines(source, mutant.line)
        nearest = set(find_nearest_tests(mutant.path, lines, self._calls))
        items = [item for item in self._items if not nearest or item.nodeid in nearest]
        code = find_changed_code(path, source, changed, lines)
        is_imported = f"{mutant.path}:{lines[-1] if lines else 0}" in self._imported
        seconds = sum(self._seconds[item.nodeid] for item in items)
        timeout = TIMEOUT_FACTOR * seconds + TIMEOUT_EXTRA_SECONDS
        path.write_text(changed, encoding="utf-8")
        try:
            if code is not None:
                status = _wait_for_fork(lambda: self._run(items, code), timeout)
                if status != PASSED or not is_imported:
                    return status != PASSED
            return _run_process(items, timeout) != PASSED
        finally:
            path.write_text(source, encoding="utf-8")

    def _run(self, items: Sequence[pytest.Item], code: CodeType) -> int:
        replace_code(code)
        for item, following in _with_next(items):
            _run_test(item, following)
            if self._session.testsfailed:
                self._session._setupstate.teardown_exact(None)
                return FAILED
        return PASSED


def find_changed_code(
    path: Path, source: str, changed: str, lines: Sequence[int]
) -> CodeType | None:
    """Return the new code of the outermost function; None if that is not all."""
    if not lines:
        return None
    name = str(path.absolute())
    found = []
    for text in (source, changed):
        codes = _codes_below(compile(text, name, "exec", dont_inherit=True))
        found.append([each for each in codes if each.co_firstlineno == lines[0]])
    before, after = found
    # The code is the same where the mutant is in the default of an argument.
    return after[0] if len(before) == len(after) == 1 and before != after else None


def _codes_below(code: CodeType) -> Iterable[CodeType]:
    """Yield the code of the functions of a module and of its classes."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            is_class = not each.co_flags & 0x02  # CO_NEWLOCALS
            if is_class:
                yield from _codes_below(each)


def replace_code(code: CodeType) -> None:
    """Let each function that has the code of these lines run the new code."""
    found = 0
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            own = each.__code__
            if (own.co_filename, own.co_firstlineno, own.co_name) == (
                code.co_filename,
                code.co_firstlineno,
                code.co_name,
            ):
                each.__code__ = code
                found += 1
    if not found:
        raise LookupError(f"{code.co_filename}:{code.co_firstlineno} is not imported.")


def _with_next(
    items: Sequence[pytest.Item],
) -> Iterable[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)


def _run_test(item: pytest.Item, following: pytest.Item | None) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _wait_for_fork(act: Callable[[], int], timeout: float) -> int:
    """Return the status that `act` returns in a fork; -1 after the timeout."""
    sys.stdout.flush()
    process = os.fork()
    if not process:
        status = FAILED
        try:
            os.setsid()
            _forget_database()
            status = act()
        finally:
            os._exit(status)
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            _kill_group(process)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    _kill_group(process)
    os.waitpid(process, 0)
    return -1


def _run_process(items: Sequence[pytest.Item], timeout: float) -> int:
    """Return the exit status of pytest for these tests in a new process."""
    only = Path("only.json")
    only.write_text(json.dumps([item.nodeid for item in items]), encoding="utf-8")
    paths = dict.fromkeys(item.nodeid.partition("::")[0] for item in items)
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", __name__]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *paths],
        env={**os.environ, ONLY: str(only)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return -1
    finally:
        _kill_group(process.pid)
        process.wait()


def _kill_group(process: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


def _forget_database() -> None:
    """Delete what an earlier fork left, which it did not close."""
    name: Any = settings.DATABASES["default"]["TEST"]["NAME"]
    for suffix in ("", "-wal", "-shm"):
        Path(f"{name}{suffix}").unlink(missing_ok=True)
