"""Cells of runs side by side as HTML: values, differences to a baseline, word marks.

A page may have thousands of them, so they are written here and not by a template.
Everything that people wrote is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from os.path import commonprefix

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import pgettext

from runs.render import formats
from runs.render.compare.diff_html import excerpt_near, mark_new_words

#: A longer text is cut in its cell; all of it is in the title.
MAX_CELL_CHARS, MAX_TITLE_CHARS = 300, 2000
#: Tags that have room in a cell.
MAX_CHIPS = 3
MINUS = "−"


def metric_cells_html(
    values: Sequence[object],
    *,
    baseline: int | None,
    is_higher_better: bool | None,
    icon: str,
) -> SafeString:
    """A metric's cells. `is_higher_better` says what is better; `icon` marks the best.

    Without a `baseline` (its column) there are no differences.
    """
    plain = [v if is_number(v) else None for v in values]
    texts = formats.align_decimals(plain)  # type: ignore[arg-type]
    best = best_value(values, is_higher_better)
    zero = values[baseline] if baseline is not None else None
    cells = []
    for at, (value, text) in enumerate(zip(values, texts, strict=True)):
        if text is None:
            cells.append(text_cell_html(value))
            continue
        assert isinstance(value, (int, float))
        change = ""
        if baseline is not None and at != baseline and is_number(zero):
            change = difference_html(value, zero, is_higher_better)  # type: ignore[arg-type]
        is_best = best is not None and value == best
        shown = f"<b>{text}</b> {icon}" if is_best else text
        css = "value" if math.isfinite(value) else "value bad"
        cells.append(
            f'<td class="{css}" title="{value!r}"><span class="with-delta">'
            f"<span>{shown}</span>{change}</span></td>"
        )
    return mark_safe("".join(cells))  # noqa: S308  # numbers and escaped texts


def difference_html(
    value: float, baseline_value: float, is_higher_better: bool | None
) -> str:
    """`+0.0378 +4.9 %`, colored by what is better; empty where there is none."""
    change = value - baseline_value
    if not math.isfinite(change):
        return ""
    tone = ""
    if is_higher_better is not None and change:
        tone = " better" if (change > 0) is is_higher_better else " worse"
    parts = [f"<span>{signed_number(change)}</span>"]
    # The sign of the share must be that of the change, also below zero.
    share = change / abs(baseline_value) * 100 if baseline_value else math.nan
    if math.isfinite(share):
        parts.append(f"<span>{_percent(share)}</span>")
    return f'<span class="delta{tone}">{"".join(parts)}</span>'


def signed_number(change: float) -> str:
    """With its sign, a real minus; three significant digits, as a cell has room for."""
    sign = "+" if change > 0 else MINUS if change < 0 else "±"
    return sign + formats.number(float(f"{abs(change):.2e}"))


def _percent(share: float) -> str:
    sign = "+" if share > 0 else MINUS if share < 0 else "±"
    size = abs(share)
    digits = formats.number(round(size)) if size >= 100 else f"{size:.1f}"
    return pgettext("difference from the baseline", "%(share)s %%") % {
        "share": sign + digits
    }


def best_value(values: Sequence[object], is_higher_better: bool | None) -> float | None:
    """The best of the finite numbers, where they differ and it is known what is."""
    if is_higher_better is None:
        return None
    known = [v for v in values if is_number(v) and math.isfinite(v)]  # type: ignore
    if len(set(known)) < 2:
        return None
    return max(known) if is_higher_better else min(known)  # type: ignore


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def text_cells_html(
    values: Sequence[object],
    *,
    baseline: int | None = None,
    missing: str = formats.MISSING,
) -> SafeString:
    """Cells of texts; the words that the baseline's text lacks are marked."""
    zero = values[baseline] if baseline is not None else None
    cells = []
    for at, value in enumerate(values):
        marks = at != baseline and isinstance(zero, str) and isinstance(value, str)
        cells.append(
            text_cell_html(value, missing, other=zero if marks else None)  # type: ignore
        )
    return mark_safe("".join(cells))  # noqa: S308  # escaped


def text_cell_html(
    value: object, missing: str = formats.MISSING, *, other: str | None = None
) -> str:
    if value is None:
        return f'<td class="none">{escape(missing)}</td>'
    text = str(value)
    if other is None or other == text:
        html = escape(excerpt_near(text, 0, MAX_CELL_CHARS))
    else:
        # Long texts are shown where they begin to differ.
        start = len(commonprefix([text, other]))  # noqa: RUF071  # by characters
        at = start if start > MAX_CELL_CHARS // 2 else 0
        cut = (excerpt_near(each, at, MAX_CELL_CHARS) for each in (text, other))
        html = mark_new_words(*cut)
    return f'<td title="{escape(text[:MAX_TITLE_CHARS])}"><span>{html}</span></td>'


def wrap_in_cells(cells: Sequence[str]) -> SafeString:
    """Around what is HTML already."""
    inside = "".join(f"<td>{cell}</td>" for cell in cells)
    return mark_safe(inside)  # noqa: S308  # the caller's own templates


def tag_chips(tags: Sequence[tuple[str, str]]) -> str:
    """A run's tags at a glance; all of them are in the title."""
    parts = []
    for key, value in tags[:MAX_CHIPS]:
        name = escape(key[:MAX_CELL_CHARS])
        inside = f"<span>{name}</span>"
        if value:
            text = escape(value[:MAX_CELL_CHARS])
            inside = f'<span class="key">{name}:</span><span>{text}</span>'
        parts.append(f'<span class="chip">{inside}</span>')
    if len(tags) > MAX_CHIPS:
        parts.append(f'<span class="chip more">+{len(tags) - MAX_CHIPS}</span>')
    every = ", ".join(f"{key}: {value}" if value else key for key, value in tags)
    title = escape(every[:MAX_TITLE_CHARS])
    return f'<span class="chips" title="{title}">{"".join(parts)}</span>'


def html_link(href: str, text: str, css: str = "") -> str:
    kind = f' class="{css}"' if css else ""
    return f'<a{kind} href="{escape(href)}">{escape(text)}</a>'


def shortened_text_html(text: str, shown: str, css: str = "") -> str:
    """A text's beginning, with all of it in the title."""
    cut = shown if len(shown) <= MAX_CELL_CHARS else f"{shown[:MAX_CELL_CHARS]}…"
    kind = f' class="{css}"' if css else ""
    return f'<span{kind} title="{escape(text[:MAX_TITLE_CHARS])}">{escape(cut)}</span>'
