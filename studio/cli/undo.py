"""`studio undo`: undo a change set, or the last change of this token."""

from __future__ import annotations

import click

from studio.cli.output import Output, output_options
from studio.cli.target import Target, target_options


@click.command(epilog="Examples: studio undo · studio undo 1234 --anyway")
@output_options
@target_options
@click.option("--anyway", is_flag=True, help="Also where a value was changed since.")
@click.argument("number", type=click.IntRange(1), required=False)
def undo(target: Target, output: Output, anyway: bool, number: int | None) -> None:
    """Undo a change set, or the last change that was made with this token.

    An undo is a change set too: undo it, and the values are changed again.
    """
    path = f"changes/{number}/undo" if number else "undo"
    reply = target.client.post(path, {"anyway": anyway})
    word = {"undo": "Undone", "redo": "Done again"}.get(reply["action"], "")
    summary = f"{word}: change {reply['change_set']}." if word else "Nothing to undo."
    output.emit(reply, summary=summary)
