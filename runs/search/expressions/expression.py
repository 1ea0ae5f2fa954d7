"""Literal texts and regular expressions as RE2 searches them: line by line.

RE2 needs time that is linear in the text, so no expression can stop the server. It has
no back references and no lookaround. The size of an expression is limited, because the
time also grows with it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from studio.core.errors import InvalidValue

MAX_EXPRESSION_CHARS = 1000
#: Instructions of a compiled expression. At this limit, the slowest one still reads
#: about 100 KB in a second.
MAX_INSTRUCTIONS = 5000
#: Bytes for the states of one expression; RE2 is slower, but never wrong, with less.
MAX_MEMORY_BYTES = 8 << 20
#: Expressions that are kept for the next request, with their states.
MAX_COMPILED = 16
MAX_REASON_CHARS = 200
#: Quoted text, escapes, classes and flags, which are read as a whole.
_PARTS = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]"
    r"|\(\?([imsU]*)(-[imsU]+)?([:)])",
    re.DOTALL,
)
#: A text is searched in large parts, in which each line has its own start and end.
_LINE_ANCHORS = {r"\A": "^", r"\z": "$"}


def compile_expression(text: str, *, is_literal: bool, is_cased: bool) -> Any:
    """Compile for UTF-8 bytes and texts; no match contains a line end.

    Raises InvalidValue for a wrong or too large expression.
    """
    if len(text) > MAX_EXPRESSION_CHARS:
        raise InvalidValue(
            _("The search text is too long. The maximum is %(limit)s characters.")
            % {"limit": MAX_EXPRESSION_CHARS},
            field="q",
        )
    return _compile(text, is_literal, is_cased)


def compile_whole_line(expression: str, *, is_cased: bool) -> Any:
    """Compile what a whole line has to match; raises InvalidValue."""
    # A line end of Windows is no part of the line.
    return _compile(rf"^(?:{expression})\r?$", False, is_cased)


@lru_cache(maxsize=MAX_COMPILED)
def _compile(text: str, is_literal: bool, is_cased: bool) -> Any:
    # An extra of the server: the commands that read no logs start without it.
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY_BYTES
    options.case_sensitive = is_cased
    options.never_nl = True
    options.never_capture = True
    text = text.encode(errors="replace").decode()
    source = re2.escape(text) if is_literal else _per_line(text)
    try:
        compiled = re2.compile(source.encode(), options)
    except re2.error as error:
        raise _invalid(_reason_of(error)) from error
    finally:
        # The library keeps many more, each with its memory.
        re2.purge()
    if compiled.programsize > MAX_INSTRUCTIONS:
        raise _invalid(_("it is too large"))
    return compiled


def _per_line(expression: str) -> str:
    """Have anchors mean lines; raises InvalidValue for single bytes of a character."""
    return "(?m)" + _PARTS.sub(_read_part, expression)


def _read_part(found: re.Match[str]) -> str:
    part = found[0]
    if part == r"\C":
        raise _invalid(_(r"\C is not supported"))
    if not part.startswith("(?"):
        return _LINE_ANCHORS.get(part, part)
    on, off = found[1].replace("m", ""), (found[2] or "").replace("m", "")
    off = off if off != "-" else ""
    return f"(?{on}{off}{found[3]}" if on or off or found[3] == ":" else ""


def _reason_of(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    return text.replace("(?m)", "")[:MAX_REASON_CHARS]


def _invalid(reason: str) -> InvalidValue:
    return InvalidValue(
        _("This regular expression is not valid: %(message)s") % {"message": reason},
        field="q",
    )
