"""`studio run comment|comments`: write and read comments on a run."""

from __future__ import annotations

from typing import Any

import click

from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, run_path, target_options
from studio.cli.times import format_time
from studio.cli.words import (
    run_option,
    take_query,
    take_run,
    take_text,
    words_argument,
)

LIST_COLUMNS: tuple[Column, ...] = (
    ("Id", lambda record: str(record["id"])),
    ("Author", lambda record: record["author"] or "?"),
    ("Created", lambda record: format_time(record["created"]) or ""),
    ("Text", lambda record: record["text"]),
)


@click.command(epilog="Example: studio run comment RUN 'Worth another look, @bo'")
@output_options
@target_options
@run_option
@words_argument("[RUN] TEXT")
def comment(
    target: Target, output: Output, run_id: str, words: tuple[str, ...]
) -> None:
    """Comment on a run, in Markdown; `@name` mentions a member. `-` reads a pipe."""
    run_id, texts = take_run(target, words, run_id, others=True)
    text = take_text(texts)
    target.find_run(run_id)
    made = target.client.post(run_path(run_id, "comments"), {"text": text})
    output.emit(made, summary=f"Comment {made['id']} on {run_id}.")


@click.command(epilog="Example: studio run comments RUN -o json")
@output_options
@target_options
@run_option
@words_argument("[RUN]")
def comments(
    target: Target, output: Output, run_id: str, words: tuple[str, ...]
) -> None:
    """List the comments on a run, the oldest first."""
    run_id, _ = take_run(target, take_query(words, output), run_id)
    target.find_run(run_id)
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        query = {"after": after} if after else {}
        reply = target.client.get(run_path(run_id, "comments"), **query)
        found += reply["comments"]
        after = reply["after"]
        if not after:
            break
    output.emit(found, columns=LIST_COLUMNS)
