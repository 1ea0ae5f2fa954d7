"""A submission as the command that does the same."""

from __future__ import annotations

from runs.render.submit.commands import TerminalSweep, terminal_command

__all__ = ["TerminalSweep", "terminal_command"]
