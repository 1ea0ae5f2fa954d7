"""The words of a command: the run it is about, and a query without `--query`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from studio.cli.output import Output
from studio.cli.target import Target

Command = TypeVar("Command", bound=Callable[..., Any])

run_option = click.option(
    "-r", "--run", "run_id", default="", metavar="RUN", help="The run's id."
)


def words_argument(metavar: str) -> Callable[[Command], Command]:
    """The words after the options, for `take_query` and `take_run`."""
    return click.argument("words", nargs=-1, metavar=metavar)


def take_query(words: Sequence[str], output: Output) -> list[str]:
    """The words before a query, which begins with `[`. Azure's lines have it so.

    A shell has split an unquoted query at its spaces.
    """
    for index, word in enumerate(words):
        if word.startswith("["):
            if output.query:
                raise click.UsageError("Give one query: with --query, or without.")
            output.query = " ".join(words[index:])
            return list(words[:index])
    return list(words)


def take_run(
    target: Target, words: Sequence[str], run_id: str, *, others: bool = False
) -> tuple[str, list[str]]:
    """The id of the run of `-r` or of the first word, and the words after it.

    A number is the run of that number in the experiment of `-e`.
    """
    rest = list(words)
    if not run_id:
        if not rest:
            raise click.UsageError("Name the run: its id, or -r RUN.")
        run_id = rest.pop(0)
    if rest and not others:
        refuse_words(rest)
    return target.find_run_id(run_id), rest


def refuse_words(words: Sequence[str]) -> None:
    """Raise UsageError if there are words that mean nothing here."""
    if not words:
        return
    # A shell replaces an unquoted `[…]` by a file whose name is one of the characters.
    hint = " Put a query in double quotes." if len(words[0]) == 1 else ""
    raise click.UsageError(f"Unexpected argument {words[0]!r}.{hint}")


def take_text(words: Sequence[str]) -> str:
    """The one text of the words; `-` reads it from a pipe."""
    if len(words) != 1:
        raise click.UsageError("Give one text. Put a text with spaces in quotes.")
    if words[0] != "-":
        return words[0]
    try:
        return sys.stdin.read().rstrip("\n")
    except UnicodeDecodeError as error:
        raise click.ClickException("The description is not UTF-8.") from error


def parse_pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """Names and values of `NAME=VALUE`. Raises UsageError."""
    pairs = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not (name and separator):
            raise click.BadParameter(
                f"{word!r} has no value. Write NAME=VALUE.", param_hint=option
            )
        pairs[name] = value
    return pairs


def parse_tags(texts: Sequence[str], option: str) -> dict[str, str | None]:
    """Tags from `KEY=VALUE`; a key alone is a tag without a value."""
    tags: dict[str, str | None] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not key.strip():
            raise click.BadParameter(
                f"{text!r} has no key. Write KEY=VALUE.", param_hint=option
            )
        tags[key] = value if separator else None
    return tags
