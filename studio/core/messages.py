"""Texts of errors that a server can show in the reader's language.

The client shows them in English. `studio.core` cannot import Django, so a server
installs its translation with `install`, once, when it starts.
"""

from __future__ import annotations

from typing import Any, Callable


class Message(str):
    """An English text that remembers what it was made from."""

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, values: dict[str, Any]) -> Message:
        text = super().__new__(cls, template % values if values else template)
        text.template = template
        text.values = values
        return text

    def __getnewargs__(self) -> tuple[str, dict[str, Any]]:  # type: ignore[override]
        return self.template, self.values


def message(template: str, **values: Any) -> Message:
    """Return `template % values`; the template's placeholders are `%(name)s`.

    `manage.py makemessages` finds the first argument of every call, so it is always
    written out there. A percent sign is doubled where there are values.
    """
    return Message(template, values)


def translated(text: str) -> str:
    """Return the text in the reader's language; texts that are no message stay."""
    if not isinstance(text, Message):
        return text
    template = _translate[0](text.template)
    if not text.values:
        return template
    return template % {name: _value(value) for name, value in text.values.items()}


def install(translate: Callable[[str], str]) -> None:
    """Let `translate` turn a template into the reader's language from now on."""
    _translate[0] = translate


def _value(value: Any) -> Any:
    return translated(value) if isinstance(value, str) else value


def _unchanged(text: str) -> str:
    return text


_translate: list[Callable[[str], str]] = [_unchanged]
