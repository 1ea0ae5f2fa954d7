"""Texts of errors that a server can show in the reader's language.

The client shows them in English. `studio.core` cannot import Django, so a server
installs its translation with `install`, once, when it starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable


class Message(str):
    """An English text that remembers what it was made from."""

    template: str
    values: dict[str, Any]
    context: str

    def __new__(
        cls, template: str, values: dict[str, Any], context: str = ""
    ) -> Message:
        text = super().__new__(cls, template % values if values else template)
        text.template = template
        text.values = values
        text.context = context
        return text

    # Copies and pickles call `__new__`, which needs these arguments.
    def __getnewargs__(  # type: ignore[override]
        self,
    ) -> tuple[str, dict[str, Any], str]:
        return self.template, self.values, self.context


def message(template: str, **values: Any) -> Message:
    """Return `template % values`; the template's placeholders are `%(name)s`.

    `manage.py makemessages` finds the first argument of every call, so it is always
    written out there. A percent sign is doubled where there are values.
    """
    return Message(template, values)


def message_with_context(context: str, template: str, **values: Any) -> Message:
    """Return what `message` returns, for a template that is unclear on its own.

    `context` tells translators where the text stands. `manage.py makemessages` finds
    both arguments, so they are always written out there.
    """
    return Message(template, values, context)


def translated(text: str) -> str:
    """Return the text in the reader's language; texts that are no message stay."""
    if not isinstance(text, Message):
        return text
    template = _translate[0](text.context, text.template)
    if not text.values:
        return template
    return template % translated_values(text.values)


def alternatives(texts: Sequence[str]) -> str:
    """Return `a, b or c` for the texts."""
    if len(texts) < 2:
        return "".join(texts)
    first: str = texts[0]
    for text in texts[1:-1]:
        first = message_with_context(
            "list of alternatives", "%(first)s, %(second)s", first=first, second=text
        )
    return message_with_context(
        "list of alternatives", "%(first)s or %(second)s", first=first, second=texts[-1]
    )


def sentences(texts: Iterable[str]) -> str:
    """Return the texts that are not empty, one after the other."""
    filled = [text for text in texts if text]
    found: str = filled[0] if filled else ""
    for text in filled[1:]:
        found = message_with_context(
            "two sentences", "%(first)s %(second)s", first=found, second=text
        )
    return found


def install(translate: Callable[[str, str], str]) -> None:
    """Let `translate(context, template)` return the reader's text from now on."""
    _translate[0] = translate


def translated_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, each text among them as `translated` returns it."""
    return {name: _translated_argument(value) for name, value in values.items()}


def _translated_argument(value: Any) -> Any:
    return translated(value) if isinstance(value, str) else value


def _unchanged(_context: str, text: str) -> str:
    return text


_translate: list[Callable[[str, str], str]] = [_unchanged]
