"""Long names of runs are shortened where they differ least."""

from __future__ import annotations

import pytest

from runs.render.formats import name_ends, shared_starts

LONG = "gpt-125m tokens=5B layers=12"


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        (f"{LONG} lr=1e-4", f"{LONG} ", "lr=1e-4"),
        ("a" * 40, "a" * 24, "a" * 16),
        (
            "预训练模型微调 使用更大的词表和数据",
            "预训练模型微调 使用",
            "更大的词表和数据",
        ),
        (
            "resnet_verylonglearningrate=1.5e-4",
            "resnet_verylonglea",
            "rningrate=1.5e-4",
        ),
        ("unet-large-cosine-schedule", "unet-large-", "cosine-schedule"),
    ],
)
def test_the_end_of_a_long_name_stays(name: str, start: str, end: str) -> None:
    assert name_ends(name) == (start, end)


@pytest.mark.parametrize("name", ["x", "a" * 24, "中" * 12])
def test_a_name_that_has_room_is_one_text(name: str) -> None:
    assert name_ends(name) == ("", name)


def test_child_runs_leave_out_the_words_that_their_names_share() -> None:
    rows = [
        *((LONG, 0), (f"{LONG} lr=1e-3", 1), (f"{LONG} lr=12e-3", 1)),
        *((f"{LONG} seed=1", 2), (f"{LONG} seed=2", 2), (f"{LONG} lr=5e-3", 1)),
        *((LONG, 0), (f"{LONG} alone", 1)),
    ]
    start = len(LONG) + 1
    assert shared_starts(rows) == [0, start, start, start, start, start, 0, 0]
    assert name_ends(f"{LONG} lr=1e-3", start) == ("… ", "lr=1e-3")


def test_short_or_different_names_of_child_runs_stay_whole() -> None:
    assert shared_starts([("fold 1", 1), ("fold 2", 1)]) == [0, 0]
    assert shared_starts([(f"{LONG} a", 1), (f"other {LONG}", 1)]) == [0, 0]
