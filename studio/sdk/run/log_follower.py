"""A run's log on this terminal while the run continues."""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
from typing import Any

from studio.sdk.run.files import RunFiles
from studio.sdk.run.state import RunState

#: The logs that are shown: the script's own, then the numbered ones of older runs.
_LOG_PATHS = re.compile(
    r"(user_logs/std_log[\D]*[0]*(?:_ps)?\.txt)|(azureml-logs/[\d]{2}.+\.txt)"
    r"|(logs/user_log\.txt)"
)


class LogFollower:
    """Prints the new part of the run's current log."""

    def __init__(self, state: RunState, files: RunFiles) -> None:
        self._state, self._files = state, files
        self._path = ""
        self._printed_bytes = 0
        # Two downloads can split a character of several bytes.
        self._decoder = _create_decoder()
        _print_lines(f"RunId: {state.id}", f"Web View: {state.page_url()}")

    def print_new_output(self) -> bool:
        """Print what is new since the last call; whether there was anything."""
        sizes = {file.path: file.size for file in self._files.list_files()}
        path = find_current_log(list(sizes))
        if not path:
            return False
        if path != self._path:
            self.finish()
            self._path, self._printed_bytes = path, 0
            self._decoder = _create_decoder()
            title = f"Streaming {path}"
            _print_lines("", title, "=" * len(title), "")
        if sizes[path] <= self._printed_bytes:
            return False
        target = io.BytesIO()
        self._files.read_into(target, path, offset=self._printed_bytes)
        content = target.getvalue()
        sys.stdout.write(self._decoder.decode(content))
        sys.stdout.flush()
        self._printed_bytes += len(content)
        return True

    def finish(self) -> None:
        """Print a replacement for the rest of a character that was cut."""
        sys.stdout.write(self._decoder.decode(b"", True))
        sys.stdout.flush()
        self._decoder.reset()

    def print_summary(self, details: dict[str, Any]) -> None:
        """Print the run's address, warnings and error after its end."""
        _print_lines("", "Execution Summary", "=" * 17, f"RunId: {self._state.id}")
        _print_lines(f"Web View: {self._state.page_url()}")
        for name in ("warnings", "error"):
            if details.get(name):
                text = json.dumps(details[name], indent=4)
                _print_lines("", f"{name.capitalize()}:", text)
        _print_lines("")


def find_current_log(paths: list[str]) -> str:
    """The log with the highest number, of the first worker; empty without a log."""
    logs = [path for path in paths if _LOG_PATHS.fullmatch(path)]
    of_first_worker = [path for path in logs if re.search(r"(rank|worker)_0", path)]
    # The numbers have two digits each, so the highest one sorts last as text.
    return max(of_first_worker or logs, default="")


def _print_lines(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _create_decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")
