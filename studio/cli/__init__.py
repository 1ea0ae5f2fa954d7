"""The `studio` command: one module per group of commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

#: The exit code of a program that Ctrl-C ended, as shells report it.
INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> None:
    """Run the `studio` command with these words, or with the process's; exits."""
    try:
        # Imported here, so that Ctrl-C during the imports prints no traceback.
        from studio.cli.commands import studio

        studio.main(words, prog_name="studio")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.stderr.flush()
        # Not `sys.exit`: threads that still send something would be waited for.
        os._exit(INTERRUPTED)
