"""Images of the runs side by side, by name and step."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from runs.models import Run
from runs.pages.compare.state import CompareState
from runs.render.formats import run_path
from runs.search.compare import ComparedFiles, Comparison, compare_images

#: Maximum number of steps and of names in the menus.
MAX_STEPS, MAX_NAMES = 500, 200
#: More digits can exceed 64 bits, in which the database stores steps.
_STEP = re.compile(r"-?\d{1,18}", re.ASCII)


@dataclass(frozen=True)
class RunImageAtStep:
    """A run's image at the chosen step, or the last before it; `steps` is JSON."""

    run: Run
    src: str
    step: int | None
    steps: str


@dataclass(frozen=True)
class ImageComparison:
    """The images with one name; `at` is the index of the chosen step in `steps`."""

    name: str
    names: Sequence[str]
    steps: Sequence[int]
    at: int
    shown: Sequence[RunImageAtStep]
    before: str
    after: str

    @property
    def step(self) -> int:
        return self.steps[self.at]

    @property
    def last_index(self) -> int:
        return len(self.steps) - 1


def image_comparison(
    workspace: str, state: CompareState, compared: Comparison, files: ComparedFiles
) -> ImageComparison | None:
    """Return the images with the name in the address, else of the first name."""
    names = compare_images(compared, files)
    if not names:
        return None
    name = state.image if state.image in names else next(iter(names))
    by_run = names[name]
    # Runs log images at different steps: the slider has those of all.
    steps = sorted({step for own in by_run.values() for step in own})[-MAX_STEPS:]
    at = _step_index(steps, state.step)
    return ImageComparison(
        name,
        list(names)[:MAX_NAMES],
        steps,
        at,
        [
            _image_at_step(workspace, run, by_run.get(n, {}), steps[at])
            for n, run in enumerate(compared.runs)
        ],
        state.href(image=name, step=str(steps[at - 1])) + "#images" if at else "",
        state.href(image=name, step=str(steps[at + 1])) + "#images"
        if at + 1 < len(steps)
        else "",
    )


def _step_index(steps: Sequence[int], text: str) -> int:
    """Return the index of this step, or of the last before it; by default the last."""
    if not _STEP.fullmatch(text):
        return len(steps) - 1
    return max(bisect_right(steps, int(text)) - 1, 0)


def _image_at_step(
    workspace: str, run: Run, paths_by_step: Mapping[int, str], step: int
) -> RunImageAtStep:
    base = f"{run_path(workspace, run.run_id)}files/raw/"
    known = sorted(paths_by_step)[-MAX_STEPS:]
    sources = {at: f"{base}{quote(paths_by_step[at])}?inline=1" for at in known}
    reached = [at for at in sources if at <= step]
    now = reached[-1] if reached else None
    # The slider changes the image of every run at once, without a request per step.
    steps_json = json.dumps([[at, src] for at, src in sources.items()])
    return RunImageAtStep(run, sources[now] if now is not None else "", now, steps_json)
