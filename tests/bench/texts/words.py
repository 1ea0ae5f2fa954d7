"""`python -m tests.bench words`: banned words, and sentences that are too long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import click

from tests.bench.texts import word_list
from tests.bench.texts.sources import Name, Text, names, texts

MAX_WORDS = 25
MAX_LONG_PERCENT = 2
_END = re.compile(r"(?<=[.!?])[\")”]*\s+(?=[A-Z“\"(`*\[]|$)|\s·\s|:\s*$|;\s")
_WORD = re.compile(r"[^\s]*\w[^\s]*")


@dataclass(frozen=True)
class Finding:
    """A banned word, or a sentence that is too long, and where it is."""

    path: str
    line: int
    text: str


def banned_in_texts(found: Iterable[Text]) -> Iterator[Finding]:
    pattern = word_list.pattern()
    for text in found:
        plain = text.text
        for allowed in word_list.ALLOWED_TEXTS:
            plain = re.sub(allowed, "…", plain)
        for match in pattern.finditer(plain):
            better = word_list.better_than(match[0])
            yield Finding(text.path, text.line, f"“{match[0]}”; better: {better}")


def banned_in_names(found: Iterable[Name]) -> Iterator[Finding]:
    for each in dict.fromkeys(found):
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", each.name)
        for word in re.split(r"[_\-]+", spaced.lower()):
            if word in word_list.BANNED_NAMES:
                yield Finding(each.path, each.line, f"the name {each.name}")


def sentences(text: str) -> list[str]:
    """Split a paragraph; what stands in backticks counts as one word."""
    plain = re.sub(r"`[^`]*`", "`code`", text)
    plain = re.sub(r"\]\([^)]*\)", "]", plain)
    return [each for each in _END.split(plain) if each and each.strip()]


def is_long(sentence: str) -> bool:
    return len(_WORD.findall(sentence)) > MAX_WORDS


@click.command()
@click.option("--check", is_flag=True, help="Print findings only; fail where any is.")
@click.option("--path", default="", help="Only files whose path begins so.")
@click.option("--kind", default="", help="documentation, message or comment.")
def words(check: bool, path: str, kind: str) -> None:
    """Find banned words and long sentences in texts, documentation and names."""
    read = [
        each
        for each in texts()
        if each.path.startswith(path) and each.kind.startswith(kind)
    ]
    named = [] if kind else [each for each in names() if each.path.startswith(path)]
    banned = [*banned_in_texts(read), *banned_in_names(named)]
    for finding in banned:
        click.echo(f"{finding.path}:{finding.line} {finding.text}")
    counted = [(each, one) for each in read for one in sentences(each.text)]
    shown = [(each, one) for each, one in counted if each.kind != "comment"]
    long = [(each, one) for each, one in shown if is_long(one)]
    percent = 100 * len(long) / max(1, len(shown))
    is_too_long = percent > MAX_LONG_PERCENT
    if not check or is_too_long:
        for each, one in long:
            click.echo(f"{each.path}:{each.line} long: {one}")
    click.echo(
        f"{len(banned)} banned words in {len(read):,} texts and {len(named):,} names; "
        f"{len(long)} of {len(shown):,} sentences of texts and documentation "
        f"({percent:.1f} %) have more than {MAX_WORDS} words"
    )
    if check and (banned or is_too_long):
        raise SystemExit(1)
