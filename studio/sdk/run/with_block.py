"""A `with` block around a run: the way that the block ends is the way the run ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any


class EndsWithBlock(ABC):
    """Completes at the end of a `with` block, or fails with its exception.

    `sys.exit()` without a status, or with 0, is a normal end of a script.
    """

    @abstractmethod
    def complete(self, _set_status: bool = True) -> None: ...

    @abstractmethod
    def fail(
        self,
        error_details: Any = None,
        error_code: str | None = None,
        _set_status: bool = True,
    ) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.complete()
        else:
            self.fail(error)
