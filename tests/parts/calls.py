"""Which of our functions a call enters, and how often: for tests of work done once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OURS = (f"{ROOT}/runs/", f"{ROOT}/studio/")


@dataclass
class Calls:
    """The code objects of this project that were entered, with their counts."""

    counts: Counter[CodeType] = field(default_factory=Counter)

    def of(self, function: Callable[..., Any]) -> int:
        """How often the function, or the function behind a bound method, ran."""
        return self.counts[getattr(function, "__func__", function).__code__]

    @property
    def files(self) -> set[str]:
        return {code.co_filename.removeprefix(f"{ROOT}/") for code in self.counts}


@contextmanager
def counted_calls() -> Iterator[Calls]:
    """Count what this thread enters while the block runs."""
    calls = Calls()

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            calls.counts[frame.f_code] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)
