"""Media over REST."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.api.rest import Rest

ITEMS = [
    {"file": "step_2_a.png", "caption": "cat", "values": {"dice": 0.9}},
    {"file": "step_2_b.png", "caption": "dog", "values": {"dice": 0.1}},
]


@pytest.fixture(autouse=True)
def run(rest: Rest, files_dir: Path) -> None:
    rest.new_run("r1")
    manifest = json.dumps({"version": 1, "items": ITEMS}).encode()
    for path, data in (
        ("media/val/step_1.png", b"1"),
        ("media/val/step_2_a.png", b"2"),
        ("media/val/step_2_b.png", b"3"),
        ("media/val/step_2.media.json", manifest),
        ("speech.wav", b"RIFF"),
    ):
        rest.send("PUT", f"runs/r1/files/{path}", data, "text/plain")


def test_the_list_has_names_kinds_and_steps(rest: Rest) -> None:
    reply = rest.get("runs/r1/media")
    found = [(one["name"], one["kind"], one["steps"]) for one in reply["media"]]
    assert found == [("speech.wav", "audio", []), ("val", "image", [1, 2])]
    assert reply["is_whole"] is True


@pytest.mark.parametrize(
    ("query", "step", "captions"),
    [
        ({}, 2, ["cat", "dog"]),
        ({"order": "low"}, 2, ["dog", "cat"]),
        ({"step": 99, "limit": 1}, 2, ["cat"]),
        ({"step": 1}, 1, [""]),
        ({"step": 0}, None, []),
    ],
)
def test_a_name_has_the_items_of_a_step(
    rest: Rest, query: dict[str, object], step: int | None, captions: list[str]
) -> None:
    [medium] = rest.get("runs/r1/media", name="val", **query)["media"]
    assert medium["step"] == step
    assert [item["caption"] for item in medium["items"]] == captions


def test_an_item_has_its_file_and_values(rest: Rest) -> None:
    [medium] = rest.get("runs/r1/media", name="val")["media"]
    first = medium["items"][0]
    assert (first["path"], first["size"]) == ("media/val/step_2_a.png", 1)
    assert (first["values"], medium["total"]) == ({"dice": 0.9}, 2)


@pytest.mark.parametrize(
    ("query", "status"),
    [("name=none", 404), ("step=1", 400), ("name=val&order=x", 400), ("step=x", 400)],
)
def test_a_wrong_query_is_refused(rest: Rest, query: str, status: int) -> None:
    assert rest.refused("GET", f"runs/r1/media?{query}")[0] == status
