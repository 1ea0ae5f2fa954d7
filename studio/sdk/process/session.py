"""Whether this process is a script, a prompt or a notebook, and whether a cell runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    return "ipykernel" in sys.modules and _ipython() is not None


def is_interactive() -> bool:
    """Whether the process continues after an exception: a prompt or a notebook."""
    return hasattr(sys, "ps1") or bool(sys.flags.interactive) or _ipython() is not None


def _ipython() -> Any:
    """The IPython session of this process; None outside of IPython."""
    module = sys.modules.get("IPython")
    find = getattr(module, "get_ipython", None)
    return None if find is None else find()


class CellWatch:
    """Whether a cell of IPython runs now. Without IPython, something always runs."""

    def __init__(self) -> None:
        self._session: Any = None
        self._is_running = True
        self._at_end: list[Callable[[], None]] = []

    def start(self) -> None:
        """Watch the cells from now on; called while one runs. Can be repeated."""
        session = _ipython()
        if session is None or session is self._session:
            return
        self._session, self._is_running = session, True
        session.events.register("pre_run_cell", self._begin_cell)
        session.events.register("post_run_cell", self._end_cell)

    @property
    def is_running(self) -> bool:
        return self._session is None or self._is_running

    def call_at_end(self, act: Callable[[], None]) -> None:
        """Call it once when the current cell has ended."""
        self._at_end.append(act)

    def _begin_cell(self, *_info: Any) -> None:
        self._is_running = True

    def _end_cell(self, *_result: Any) -> None:
        self._is_running = False
        self.finish()

    def finish(self) -> None:
        """What was typed at a prompt has ended, too."""
        waiting, self._at_end = self._at_end, []
        for act in waiting:
            act()


cells = CellWatch()
