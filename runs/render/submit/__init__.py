"""What a submission looks like as a command line."""

from __future__ import annotations

from runs.render.submit.commands import (
    Submission,
    TerminalSweep,
    resubmit_command,
    submit_command,
)

__all__ = ["Submission", "TerminalSweep", "resubmit_command", "submit_command"]
