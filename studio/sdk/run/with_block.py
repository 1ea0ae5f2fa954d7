"""A `with` block around a run: the way that the block ends is the way the run ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any

from studio.core.statuses import RunStatus
from studio.sdk.process import reason_of_exception


class EndsWithBlock(ABC):
    """Completes at the end of a `with` block, or fails with its exception.

    `sys.exit()` without a status, or with 0, is a normal end of a script. Ctrl-C and a
    cancel request end it as Canceled.
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

    @abstractmethod
    def _end_canceled(self, message: str) -> None:
        """End as Canceled, because of a signal."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        reason = None if error is None else reason_of_exception(error)
        if reason is None or reason.status is RunStatus.COMPLETED:
            self.complete()
        elif reason.status is RunStatus.CANCELED:
            self._end_canceled(reason.message)
        else:
            self.fail(error)
