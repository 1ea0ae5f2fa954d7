"""Groups of commands: imported when used, with one sentence for each mistake.

Exit codes: 0 success, 1 error, 2 wrong arguments, 3 not found, 130 Ctrl-C.
"""

from __future__ import annotations

import difflib
import errno
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from studio.cli.tables import one_line
from studio.core.errors import InvalidValue, NotFound, StudioError
from studio.sdk.errors import UserErrorException

ERROR, WRONG_ARGUMENTS, NOT_FOUND, INTERRUPTED = 1, 2, 3, 130
#: The exit code of a program whose reader (`| head`) ended, as shells report it.
PIPE_CLOSED = 141


class CommandGroup(click.Group):
    """A group whose commands are `module:name` texts until one is used."""

    def __init__(
        self,
        *words: Any,
        lazy_commands: Mapping[str, str] | None = None,
        hidden_commands: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(*words, **options)
        self.lazy_commands = dict(lazy_commands or {})
        self.hidden_commands = frozenset(hidden_commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = {*self.lazy_commands, *super().list_commands(ctx)}
        return sorted(names - self.hidden_commands)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        place = self.lazy_commands.get(name)
        if place is None:
            return super().get_command(ctx, name)
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            self.raise_unknown_command(ctx, args[0])
        return super().resolve_command(ctx, args)

    def raise_unknown_command(self, ctx: click.Context, name: str) -> NoReturn:
        """Raise UsageError with the nearest command."""
        known = self.list_commands(ctx)
        if name.startswith("-"):
            raise click.NoSuchOption(name, ctx=ctx)
        raise click.UsageError(
            f"There is no command {name!r}. {suggest(name, known)}", ctx=ctx
        )

    def main(  # type: ignore[override]
        self, args: Any = None, *, standalone_mode: bool = True, **options: Any
    ) -> Any:
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **options)
        for stream in (sys.stdout, sys.stderr):
            # A terminal with an old encoding shows what it lacks as escapes.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = super().main(args, standalone_mode=False, **options)
        except (click.ClickException, click.Abort, StudioError, OSError) as error:
            code = report_error(error)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            ctx.exit(PIPE_CLOSED)
        except KeyboardInterrupt:
            # Before click prints an empty line.
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        return result


def suggest(word: str, known: Sequence[str]) -> str:
    """A sentence with the nearest of the known words, else with all of them."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    shown = ", ".join(known[:20])
    return f"Choose one of {shown}{', …' if len(known) > 20 else ''}." if known else ""


def report_error(error: Exception) -> int:
    """Print one sentence on stderr; returns the exit code."""
    if isinstance(error, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    # Older versions of click print the help themselves.
    no_words: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())
    if isinstance(error, no_words):
        click.echo(str(error), err=True)
        return WRONG_ARGUMENTS
    text = " ".join(_error_text(error).split())
    end = "" if text[-1:] in ".?!)" else "."
    # The server's texts can hold names with characters that a terminal obeys.
    click.echo(one_line(f"Error: {text}{end}"), err=True)
    if isinstance(error, click.ClickException):
        return error.exit_code
    if isinstance(error, NotFound):
        return NOT_FOUND
    # An error of the SDK's own is about the environment, not about the arguments.
    if isinstance(error, InvalidValue) and error.code != UserErrorException.code:
        return WRONG_ARGUMENTS
    return ERROR


def _error_text(error: Exception) -> str:
    if isinstance(error, StudioError):
        return error.message
    if isinstance(error, click.UsageError):
        message = error.format_message()
        if message[-1:] not in ".?!)":
            message += "."
        if error.ctx is None:
            return message
        return f"{message} See `{error.ctx.command_path.strip()} --help`."
    if isinstance(error, click.ClickException):
        return error.format_message()
    return _os_error_text(error) if isinstance(error, OSError) else str(error)


def _os_error_text(error: OSError) -> str:
    if not error.strerror:
        return str(error)
    if error.filename:
        return f"{error.filename}: {error.strerror}"
    # Only the standard output has no name.
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO)
    return f"{'The output cannot be written: ' if is_full else ''}{error.strerror}"


def _discard_output() -> None:
    """Let the interpreter flush to nowhere at its end: the reader has ended."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
