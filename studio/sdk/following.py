"""A run's log on this terminal while it goes on."""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from studio.sdk.lifecycle import Lifecycle

#: What is shown: the script's own log, then the numbered ones of older runs.
_SHOWN = re.compile(
    r"(user_logs/std_log[\D]*[0]*(?:_ps)?\.txt)|(azureml-logs/[\d]{2}.+\.txt)"
    r"|(logs/user_log\.txt)"
)


class Follower:
    """Prints what is new of the run's current log."""

    def __init__(self, run: Lifecycle) -> None:
        self.run = run
        self._path = ""
        self._seen = 0
        # A letter of several bytes may come in two parts.
        self._decoder = _decoder()
        _print(f"RunId: {run.id}", f"Web View: {run.get_portal_url()}")

    def follow(self) -> bool:
        """Print what has come since; whether there was any."""
        sizes = {one.path: one.size for one in self.run._files()}
        path = current_log(list(sizes))
        if not path:
            return False
        if path != self._path:
            self.finish()
            self._path, self._seen, self._decoder = path, 0, _decoder()
            title = f"Streaming {path}"
            _print("", title, "=" * len(title), "")
        if sizes[path] <= self._seen:
            return False
        content = self._content(path, self._seen)
        sys.stdout.write(self._decoder.decode(content))
        sys.stdout.flush()
        self._seen += len(content)
        return True

    def finish(self) -> None:
        """No more comes: show what is left of a letter that was cut, as a mark."""
        sys.stdout.write(self._decoder.decode(b"", True))
        sys.stdout.flush()
        self._decoder.reset()

    def summary(self, details: dict[str, Any]) -> None:
        """What there is to say at the end."""
        _print("", "Execution Summary", "=" * 17, f"RunId: {self.run.id}")
        _print(f"Web View: {self.run.get_portal_url()}")
        for name in ("warnings", "error"):
            if details.get(name):
                text = json.dumps(details[name], indent=4)
                _print("", f"{name.capitalize()}:", text)
        _print("")

    def _content(self, path: str, offset: int) -> bytes:
        target = io.BytesIO()
        place = self.run._place(f"files/{quote(path)}")
        self.run._link.client.download(place, target, offset=offset)
        return target.getvalue()


def current_log(paths: list[str]) -> str:
    """The log to show: of the highest number, of the first worker."""
    shown = [path for path in paths if _SHOWN.fullmatch(path)]
    first = [path for path in shown if re.search(r"(rank|worker)_0", path)]
    return max(first or shown, default="")


def _print(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")
