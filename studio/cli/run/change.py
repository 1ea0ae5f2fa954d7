"""`studio run update|tag|untag|rename|describe`: what people change of a run."""

from __future__ import annotations

from typing import Any

import click

from studio.cli.output import Output, output_options
from studio.cli.run.bulk import Matching, change_matching, matching_options
from studio.cli.run.records import read_record
from studio.cli.target import Target, run_path, target_options
from studio.cli.words import (
    parse_tags,
    run_option,
    take_query,
    take_run,
    take_text,
    words_argument,
)


@click.command(
    epilog="Example: az ml run update -r RUN --add-tag quality='fantastic run'"
)
@output_options
@target_options
@run_option
@click.option(
    "--add-tag", multiple=True, metavar="KEY=VALUE", help="Add or change; repeatable."
)
@words_argument("[RUN]")
def update(
    target: Target,
    output: Output,
    run_id: str,
    add_tag: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    """Add tags to a run, or change them."""
    run_id, _ = take_run(target, take_query(words, output), run_id)
    if not add_tag:
        raise click.UsageError("Name a change: --add-tag KEY=VALUE.")
    without_value = [text for text in add_tag if "=" not in text]
    if without_value:
        raise click.BadParameter(
            f"{without_value[0]!r} has no value. Write KEY=VALUE, or use `studio run "
            "tag RUN KEY`.",
            param_hint="--add-tag",
        )
    _edit_tags(target, output, run_id, {"set": parse_tags(add_tag, "--add-tag")})


@click.command(
    epilog="Examples: studio run tag RUN quality=good · studio run tag RUN baseline · "
    "studio run tag -q 'status:failed' checked"
)
@output_options
@target_options
@run_option
@matching_options
@words_argument("[RUN] KEY[=VALUE]…")
def tag(
    target: Target,
    output: Output,
    run_id: str,
    matching: Matching,
    words: tuple[str, ...],
) -> None:
    """Add or change tags. A key alone is a tag without a value."""
    if matching.is_given:
        if not words:
            raise click.UsageError("Name a tag: KEY or KEY=VALUE.")
        tags = {"tags": parse_tags(words, "KEY")}
        change_matching(target, output, "tag", matching, [run_id], tags)
        return
    run_id, texts = take_run(target, words, run_id, others=True)
    if not texts:
        raise click.UsageError("Name a tag: KEY or KEY=VALUE.")
    _edit_tags(target, output, run_id, {"set": parse_tags(texts, "KEY")})


@click.command(
    epilog="Examples: studio run untag RUN baseline · studio run untag -q 'tag:x' x"
)
@output_options
@target_options
@run_option
@matching_options
@words_argument("[RUN] KEY…")
def untag(
    target: Target,
    output: Output,
    run_id: str,
    matching: Matching,
    words: tuple[str, ...],
) -> None:
    """Remove tags."""
    if matching.is_given:
        if not words:
            raise click.UsageError("Name the key of a tag.")
        removed = {"remove": list(words)}
        change_matching(target, output, "tag", matching, [run_id], removed)
        return
    run_id, keys = take_run(target, words, run_id, others=True)
    if not keys:
        raise click.UsageError("Name the key of a tag.")
    target.find_run(run_id)
    known = target.client.get(run_path(run_id, "tags"))["tags"]
    missing = [key for key in keys if key not in known]
    if missing:
        raise click.ClickException(
            f"The run {run_id} has no tag {missing[0]!r}. Its tags: "
            f"{', '.join(known) or 'none'}."
        )
    _edit_tags(target, output, run_id, {"remove": keys})


@click.command(
    epilog="Examples: studio run rename RUN 'baseline, seed 2' · "
    "studio run rename -q 'tag:sweep' '{name} lr={params.lr}'"
)
@output_options
@target_options
@run_option
@matching_options
@words_argument("[RUN] NAME")
def rename(
    target: Target,
    output: Output,
    run_id: str,
    matching: Matching,
    words: tuple[str, ...],
) -> None:
    """Change the display name. With -q, NAME is a pattern such as {name} {number}."""
    if matching.is_given:
        if len(words) != 1:
            raise click.UsageError("Give one pattern. Put it in quotes.")
        pattern = {"pattern": words[0]}
        change_matching(target, output, "rename", matching, [run_id], pattern)
        return
    run_id, texts = take_run(target, words, run_id, others=True)
    if len(texts) != 1:
        raise click.UsageError("Give one name. Put a name with spaces in quotes.")
    _change(target, output, run_id, {"name": texts[0]})


@click.command(
    epilog="Examples: studio run describe RUN 'Seed **2**' · "
    "studio run describe RUN - <notes.md"
)
@output_options
@target_options
@run_option
@words_argument("[RUN] TEXT")
def describe(
    target: Target, output: Output, run_id: str, words: tuple[str, ...]
) -> None:
    """Replace the description, which is Markdown. `-` reads it from a pipe."""
    run_id, texts = take_run(target, words, run_id, others=True)
    _change(target, output, run_id, {"description": take_text(texts)})


def _change(
    target: Target, output: Output, run_id: str, change: dict[str, Any]
) -> None:
    target.find_run(run_id)
    target.client.patch(run_path(run_id), change)
    output.emit(read_record(target, run_id), summary=f"Changed {run_id}.")


def _edit_tags(
    target: Target, output: Output, run_id: str, edit: dict[str, Any]
) -> None:
    target.find_run(run_id)
    target.client.post(run_path(run_id, "tags"), edit)
    record = read_record(target, run_id)
    tags = ", ".join(
        key if value is None else f"{key}={value}"
        for key, value in record["tags"].items()
    )
    output.emit(record, summary=f"Tags of {run_id}: {tags or 'none'}.")
