"""What a command prints: JSON, a table, TSV or YAML, after `--query`."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from studio.cli.tables import format_fields, format_table, one_line, terminal_width

FORMATS = ("json", "jsonc", "table", "tsv", "yaml", "none")
#: In the context of `studio ml`: JSON is the default, as `az` prints.
JSON_BY_DEFAULT = "studio.cli.json_by_default"
#: Characters that a terminal obeys, and JSON leaves as they are.
_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_JSON_TOKENS = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=:)|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<word>\b(?:true|false|null)\b)|(?P<number>-?\d[\d.eE+-]*)"
)
_COLORS = {"key": "blue", "text": "green", "word": "magenta", "number": "cyan"}

#: A column of a table: its title, and the text of a row.
Column = tuple[str, Callable[[Mapping[str, Any]], str]]
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Output:
    """How to print the result of a command."""

    format: str = ""
    query: str = ""
    metadata_file: str = ""
    only_errors: bool = False
    is_json_default: bool = False
    _warned: set[str] = field(default_factory=set)

    @property
    def chosen_format(self) -> str:
        """The format; without an option a table on a terminal, else JSON."""
        if self.format:
            return self.format
        is_for_people = sys.stdout.isatty() and not self.is_json_default
        return "table" if is_for_people and not self.query else "json"

    def emit(
        self, value: Any, *, columns: Sequence[Column] = (), summary: str = ""
    ) -> None:
        """Print a result: on a terminal `summary`, or a table of `columns`."""
        if self.query:
            from studio.cli.queries import search

            value, columns, summary = search(self.query, value), (), ""
        if self.metadata_file:
            _write_new_file(self.metadata_file, value)
        form = self.chosen_format
        if form == "table" and summary:
            click.echo(one_line(summary))
            return
        text = _format(form, value, columns)
        if text:
            has_colors = form == "jsonc" and not os.environ.get("NO_COLOR")
            click.echo(text, color=None if has_colors else False)

    def warn(self, sentence: str) -> None:
        """Print a warning on stderr, once."""
        if not self.only_errors and sentence not in self._warned:
            self._warned.add(sentence)
            click.echo(one_line(f"Warning: {sentence}"), err=True)

    def note(self, sentence: str) -> None:
        """Print a note on stderr."""
        if not self.only_errors:
            click.echo(one_line(sentence), err=True)


_OPTIONS = (
    click.option("--query", default="", help="A JMESPath query over the result."),
    click.option(
        "-o",
        "--output",
        "output_format",
        type=click.Choice(FORMATS),
        help="Default: table on a terminal, else json.",
    ),
    click.option(
        "-t",
        "--output-metadata-file",
        "metadata_file",
        default="",
        metavar="FILE",
        help="Also write the result as JSON to a new file.",
    ),
    click.option("--only-show-errors", is_flag=True, help="Print no warnings."),
    # Options of every `az` command.
    click.option("--verbose", is_flag=True, hidden=True),
    click.option("--debug", is_flag=True, hidden=True),
)


def output_options(command: Command) -> Command:
    """Add the output options; the command gets them as `output`."""

    @wraps(command)
    def with_output(*words: Any, **options: Any) -> Any:
        context = click.get_current_context()
        output = Output(
            format=options.pop("output_format") or "",
            query=options.pop("query"),
            metadata_file=options.pop("metadata_file"),
            only_errors=options.pop("only_show_errors"),
            is_json_default=bool(context.meta.get(JSON_BY_DEFAULT)),
        )
        del options["verbose"], options["debug"]
        # Before anything is done, since the result could not be written after it.
        if output.metadata_file and Path(output.metadata_file).exists():
            raise click.BadParameter(
                f"{output.metadata_file} exists. Choose another file.",
                param_hint="--output-metadata-file",
            )
        return command(*words, output=output, **options)

    wrapped: Any = with_output
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    result: Command = wrapped
    return result


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """JSON in UTF-8, without characters that a terminal obeys."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _format(form: str, value: Any, columns: Sequence[Column]) -> str:
    if form == "none" or (value is None and form != "yaml"):
        return ""
    if form == "table":
        return _format_as_table(value, columns)
    if form == "tsv":
        return _format_tsv(value)
    if form == "yaml":
        return _format_yaml(value)
    text = to_json(value)
    return _JSON_TOKENS.sub(_color, text) if form == "jsonc" else text


def _color(token: re.Match[str]) -> str:
    return click.style(token[0], fg=_COLORS[token.lastgroup or "text"])


def _format_as_table(value: Any, columns: Sequence[Column]) -> str:
    """A row per item of a list; the fields of an object below each other."""
    if isinstance(value, Mapping) and not columns:
        return format_fields(list(_flat_fields(value)), terminal_width())
    rows = value if isinstance(value, list) else [value]
    if not rows:
        return ""
    if columns:
        cells = [[text(row) for _, text in columns] for row in rows]
        return format_table([title for title, _ in columns], cells, terminal_width())
    if all(isinstance(row, Mapping) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        cells = [[_cell(row.get(name)) for name in names] for row in rows]
        return format_table(names, cells, terminal_width())
    lists = [row if isinstance(row, list) else [row] for row in rows]
    width = max(map(len, lists))
    padded = [[*map(_cell, row), *[""] * (width - len(row))] for row in lists]
    return format_table((), padded, terminal_width())


def _flat_fields(
    value: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, str]]:
    """The fields of an object; those of an object in it with its name before them."""
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield from _flat_fields(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _cell(item)


def _cell(value: Any) -> str:
    """A value in a table: nested values as short JSON."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return to_json(value, indent=None) if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _format_tsv(value: Any) -> str:
    """Values with tabs between them; of nested values only how long lists are."""
    rows = value if isinstance(value, list) else [value]
    # Fields that an object lacks are empty, so that columns stay columns.
    objects = [row for row in rows if isinstance(row, Mapping)]
    names = list(dict.fromkeys(name for row in objects for name in row))
    lines = []
    for row in rows:
        if isinstance(row, Mapping):
            row = [row.get(name) for name in names]
        cells = row if isinstance(row, list) else [row]
        lines.append("\t".join(map(_tsv_cell, cells)))
    return "\n".join(lines)


def _tsv_cell(value: Any) -> str:
    if isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return str(len(value))
    return one_line("" if value is None else _cell(value))


def _format_yaml(value: Any) -> str:
    # Few commands print it.
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text.rstrip("\n")


def _write_new_file(path: str, value: Any) -> None:
    with Path(path).open("x", encoding="utf-8") as file:
        file.write(to_json(value) + "\n")
