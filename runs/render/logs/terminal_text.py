"""A line as a terminal leaves it: the last state of a progress bar, and its colors."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

#: CSI sequences (`m` sets colors, `K` erases), OSC texts, and other escapes.
_ESCAPES = re.compile(
    r"\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*"
    r"(?:\x1b\\)?|[ -/]*[0-~])?"
)
_CONTROLS = re.compile(r"[\x01-\x08\x0b-\x1a\x1c-\x1f\x7f]")
_COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
#: More digits than any color has.
_MAX_PARAMETERS = 64


@dataclass(frozen=True)
class TextStyle:
    """Colors and weight, as an escape sequence sets them for all that follows."""

    color: str = ""
    is_bold: bool = False

    @property
    def classes(self) -> str:
        names = (f"ansi-{self.color}" if self.color else "", self.is_bold * "ansi-bold")
        return " ".join(filter(None, names))


PLAIN = TextStyle()


@dataclass(frozen=True)
class TextSpan:
    """Text with CSS classes, empty for plain text."""

    text: str
    classes: str = ""


def last_state(line: str) -> tuple[str, int]:
    """Return what a terminal shows of a line, and how many states it overwrote.

    A carriage return starts a new state of the line, as progress bars do. One before
    the line end belongs to the line end of Windows.
    """
    states = [state for state in line.split("\r") if state and not _is_blank(state)]
    return (states[-1] if states else line.rstrip("\r")), max(0, len(states) - 1)


def _is_blank(state: str) -> bool:
    # tqdm overwrites a closed bar with blanks, others send a code that erases the line.
    return not state.strip() or not _ESCAPES.sub("", state).strip()


def styled_spans(text: str, style: TextStyle) -> tuple[tuple[TextSpan, ...], TextStyle]:
    """Split text at its color codes; returns the style for the next line, too."""
    if "\x1b" not in text:
        return ((TextSpan(visible(text), style.classes),) if text else ()), style
    spans: list[TextSpan] = []
    at = 0
    for code in _ESCAPES.finditer(text):
        _add_span(spans, text[at : code.start()], style)
        at = code.end()
        if code[2] == "m":
            style = apply_codes(code[1], style)
    _add_span(spans, text[at:], style)
    return tuple(spans), style


def _add_span(spans: list[TextSpan], text: str, style: TextStyle) -> None:
    text = visible(text)
    if not text:
        return
    if spans and spans[-1].classes == style.classes:
        spans[-1] = TextSpan(spans[-1].text + text, style.classes)
    else:
        spans.append(TextSpan(text, style.classes))


def style_after(text: str, style: TextStyle) -> TextStyle:
    """Return the style at the end of a text that may have line ends."""
    for code in _ESCAPES.finditer(text):
        if code[2] == "m":
            style = apply_codes(code[1], style)
    return style


def plain_text(text: str) -> str:
    """Remove codes and control characters."""
    return visible(_ESCAPES.sub("", text) if "\x1b" in text else text)


def visible(text: str) -> str:
    """Remove control characters; NUL is shown, because it tells of a lost write."""
    return _CONTROLS.sub("", text).replace("\0", "\u2400")


def apply_codes(parameters: str, style: TextStyle) -> TextStyle:
    """Apply the numbers of one `ESC [ … m` (ECMA-48, 8.3.117)."""
    words = re.split("[;:]", parameters)[:_MAX_PARAMETERS]
    numbers = [int(word[:4]) if word.isdecimal() else 0 for word in words]
    while numbers:
        number = numbers.pop(0)
        if number in (38, 48):
            color = _take_extended_color(numbers)
            style = replace(style, color=color) if number == 38 else style
        else:
            style = _apply_code(number, style)
    return style


def _apply_code(number: int, style: TextStyle) -> TextStyle:
    if number == 0:
        return PLAIN
    if number in (1, 22):
        return replace(style, is_bold=number == 1)
    if 30 <= number <= 37:
        return replace(style, color=_COLORS[number - 30])
    if 90 <= number <= 97:
        return replace(style, color=f"bright-{_COLORS[number - 90]}")
    # Backgrounds are left out: the page's own colors are readable on its ground only.
    return replace(style, color="") if number == 39 else style


def _take_extended_color(numbers: list[int]) -> str:
    """Map 256 colors (`5;n`) and 24 bits (`2;r;g;b`) to the 16 that the page has."""
    kind = numbers.pop(0) if numbers else 0
    if kind == 5 and numbers:
        return _indexed_color(numbers.pop(0))
    if kind == 2 and len(numbers) >= 3:
        red, green, blue = numbers[:3]
        del numbers[:3]
        return _nearest_color(red, green, blue)
    # What is left belongs to a color that is cut or unknown.
    numbers.clear()
    return ""


def _indexed_color(index: int) -> str:
    if index < 8:
        return _COLORS[index]
    if index < 16:
        return f"bright-{_COLORS[index - 8]}"
    if index >= 232:
        level = (index - 232) * 10 + 8
        return _nearest_color(level, level, level)
    cube = index - 16
    red, green, blue = (cube // 36 % 6, cube // 6 % 6, cube % 6)
    return _nearest_color(
        *(step * 40 + 55 if step else 0 for step in (red, green, blue))
    )


def _nearest_color(red: int, green: int, blue: int) -> str:
    strongest, weakest = max(red, green, blue), min(red, green, blue)
    if strongest - weakest < 48:
        return "bright-black" if 64 <= strongest < 176 else ""
    middle = (strongest + weakest) / 2
    # Bit by bit, as the eight colors are numbered: red 1, green 2, blue 4.
    number = (red > middle) + 2 * (green > middle) + 4 * (blue > middle)
    return _COLORS[number]
