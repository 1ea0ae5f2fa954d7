"""The step slider: one for all media, with a tick for each step that has data."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from runs.pages.media.state import MediaState
from runs.search.media import MediaSeries

#: Ticks that are drawn at most; the page can still reach each step.
MAX_TICKS = 120
#: Steps that the page's script knows; other steps are reached by links and the box.
MAX_STEPS = 10_000
#: The width of the picture of ticks in its own units; the page stretches it.
TICK_WIDTH = 1000


@dataclass(frozen=True)
class StepSlider:
    """`step` is the chosen one, `at` the index of the last of `steps` up to it.

    `before` and `after` are query strings of neighbors, empty at the ends.
    """

    steps: Sequence[int]
    step: int
    at: int
    before: str
    after: str
    ticks: SafeString

    @property
    def last_index(self) -> int:
        return len(self.steps) - 1


def step_slider(state: MediaState, chosen: Sequence[MediaSeries]) -> StepSlider | None:
    """Return the slider over all steps of the chosen media; None without steps."""
    steps = sorted({step for each in chosen for step in each.steps})[-MAX_STEPS:]
    if not steps:
        return None
    step = steps[-1] if state.step is None else state.step
    before = bisect_left(steps, step) - 1
    after = bisect_right(steps, step)
    return StepSlider(
        steps,
        step,
        max(after - 1, 0),
        state.href(step=steps[before], open="") if before >= 0 else "",
        state.href(step=steps[after], open="") if after < len(steps) else "",
        draw_ticks(len(steps)),
    )


def draw_ticks(count: int) -> SafeString:
    """Draw a tick for each of `count` steps, or for as many as can be told apart."""
    shown = min(count, MAX_TICKS)
    path = "".join(
        f"M{at * TICK_WIDTH / max(shown - 1, 1):.1f} 0v4" for at in range(shown)
    )
    return format_html(
        '<svg class="step-ticks" viewBox="0 0 {} 4" preserveAspectRatio="none" '
        'aria-hidden="true"><path d="{}"/></svg>',
        *(TICK_WIDTH, path),
    )
