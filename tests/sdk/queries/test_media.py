"""What `run.list_media` reads of media that were logged over steps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio.sdk import LoggedMedia, MediaItem, Run, UserErrorException, Workspace
from studio.sdk.client import Client
from studio.sdk.media import read_media

ITEM = {"file": "step_2_a.png", "caption": "cat", "values": {"dice": 0.9}}


@pytest.fixture(scope="module")
def run(client: Client, workspace: Workspace) -> Run:
    client.post("runs", {"experiment": "media", "id": "drawn"})
    manifest = json.dumps({"version": 1, "items": [ITEM]}).encode()
    for path, data in (
        ("media/val/step_1.png", b"1"),
        ("media/val/step_2_a.png", b"2"),
        ("media/val/step_2.media.json", manifest),
        ("speech.wav", b"RIFF"),
    ):
        client.send("PUT", f"runs/drawn/files/{path}", data)
    return workspace.get_run("drawn")


def test_all_media_have_their_kind_and_steps(run: Run) -> None:
    assert run.list_media() == [
        LoggedMedia("speech.wav", "audio", [], 0),
        LoggedMedia("val", "image", [1, 2], 2),
    ]


@pytest.mark.parametrize(
    ("step", "shown", "item"),
    [
        (None, 2, MediaItem("media/val/step_2_a.png", "cat", {"dice": 0.9})),
        (1, 1, MediaItem("media/val/step_1.png")),
    ],
)
def test_a_medium_has_the_items_of_a_step(
    run: Run, step: int | None, shown: int, item: MediaItem
) -> None:
    assert run.list_media("val", step) == [
        LoggedMedia("val", "image", [1, 2], 2, shown, [item])
    ]


@pytest.mark.parametrize(("name", "step"), [("none", None), (None, 1)])
def test_a_wrong_question_is_refused(
    run: Run, name: str | None, step: int | None
) -> None:
    with pytest.raises(UserErrorException):
        run.list_media(name, step)


def test_the_request_is_repeated_until_all_names_are_read() -> None:
    left = [2, 1, 0]
    medium: dict[str, Any] = {"name": "a", "kind": "image", "step": None, "items": []}

    def get(path: str, **query: object) -> dict[str, Any]:
        steps = [*range(left[0], 3)]
        media = [{**medium, "steps": steps, "step_count": len(steps)}]
        return {"media": media, "is_reading": bool(left.pop(0))}

    assert read_media(get, "media", None, None) == [
        LoggedMedia("a", "image", [0, 1, 2], 3)
    ]
    assert not left
