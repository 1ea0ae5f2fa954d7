"""JMESPath as people paste it: a shell has often removed the quotes.

A bare word after `==` or `!=` is text: `[?properties.author==azureml-user]`. It stays a
field if it is one of the result, as in `[?run_id==root_run_id]`.
"""

from __future__ import annotations

import re
from typing import Any

import click

#: Fields of results that a comparison can name on its right side.
FIELDS = frozenset(
    {
        "created_by", "created_utc", "display_name", "end_time_utc",
        "experiment_id", "experiment_name", "parent_run_id", "properties",
        "root_run_id", "run_id", "run_number", "start_time_utc", "status", "tags",
        "target",
    }
)  # fmt: skip
MAX_REASON_CHARS = 120
HINT = "Put the query in double quotes"
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_QUOTES = "'\"`"
_NAME = re.compile(r"[A-Za-z_]\w*(\.([A-Za-z_]\w*|\"[^\"]*\"))*")
_CALL = re.compile(r"[A-Za-z_]\w*\(")
_JSON_WORD = re.compile(r"true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?")
#: Tags and properties are texts, so a number next to one of them is text too.
_TEXT_FIELD = re.compile(r"\b(tags|properties)\.(\w+|\"[^\"]*\")\s*$")
_END_OF_WORD = re.compile(r"\]|\)|\}|,|\|\||\||&&|$")


def search(text: str, value: Any) -> Any:
    """The result of a query. Raises UsageError with what to do."""
    # Few commands have a query.
    import jmespath
    from jmespath.exceptions import JMESPathError

    query = quote_bare_words(text)
    if not _is_balanced(query):
        raise click.UsageError(f"The query {text!r} is cut off. {HINT}.")
    try:
        return jmespath.search(query, value)
    except JMESPathError as error:
        raise click.UsageError(
            f"The query {text!r} {_explain(error)}. {HINT}."
        ) from error


def _explain(error: Exception) -> str:
    """What is wrong with the query, in a few words."""
    position = getattr(error, "lex_position", None)
    if position is not None:
        return f"is not valid JMESPath at character {position + 1}"
    # Errors of functions are sentences of their own.
    reason = " ".join(str(error).split()).rstrip(".")
    # jmespath prints the whole value, which can be a run.
    if len(reason) > MAX_REASON_CHARS:
        reason = reason[:MAX_REASON_CHARS] + "…"
    return f"cannot be evaluated: {reason}" if reason else "is not valid JMESPath"


def quote_bare_words(text: str) -> str:
    """The query with quotes around the bare words after `==` and `!=`."""
    parts: list[str] = []
    position = 0
    while position < len(text):
        if text[position] in _QUOTES:
            end = _end_of_quotes(text, position)
            parts.append(text[position:end])
            position = end
        elif text.startswith(("==", "!="), position):
            end = _skip_spaces(text, position + 2)
            parts.append(text[position:end])
            word_end = _end_of_bare_word(text, end)
            if word_end > end:
                parts.append(_as_operand(text[end:word_end], "".join(parts[:-1])))
            position = word_end
        else:
            parts.append(text[position])
            position += 1
    return "".join(parts)


def _end_of_bare_word(text: str, start: int) -> int:
    """Where the bare word at `start` ends; `start` if an expression is there."""
    if start == len(text) or text[start] in "'\"`@[{(!&*" or _CALL.match(text, start):
        return start
    found = _END_OF_WORD.search(text, start)
    return found.start() if found else len(text)


def _as_operand(word: str, left: str) -> str:
    stripped = word.rstrip()
    spaces = word[len(stripped) :]
    name = _NAME.fullmatch(stripped)
    if name is not None and stripped.split(".")[0] in FIELDS:
        return word
    if _JSON_WORD.fullmatch(stripped) and not _TEXT_FIELD.search(left):
        return f"`{stripped}`{spaces}"
    escaped = stripped.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'{spaces}"


def _is_balanced(text: str) -> bool:
    """Whether all brackets and quotes are closed: a shell that cuts leaves some."""
    expected: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in _QUOTES:
            end = _end_of_quotes(text, position)
            if text[end - 1] != character or end - 1 == position:
                return False
            position = end
            continue
        if character in _BRACKETS:
            expected.append(_BRACKETS[character])
        elif character in _BRACKETS.values() and (
            not expected or expected.pop() != character
        ):
            return False
        position += 1
    return not expected


def _end_of_quotes(text: str, start: int) -> int:
    """The position after the closing quote; the end of the text without one."""
    position = start + 1
    while position < len(text):
        if text[position] == "\\":
            position += 2
        elif text[position] == text[start]:
            return position + 1
        else:
            position += 1
    return len(text)


def _skip_spaces(text: str, position: int) -> int:
    while position < len(text) and text[position] == " ":
        position += 1
    return position
