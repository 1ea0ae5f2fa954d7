"""What a run logged over steps: names, kinds, steps, and the items of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import InvalidValue, NotFound
from studio.sdk.errors import UserErrorException

#: A request reads 20,000 names of files, of at most 500,000; several processes can
#: answer, each with what it read.
MAX_REQUESTS = 1000


@dataclass(frozen=True)
class MediaItem:
    """An item of a step. `path` is a file of the run.

    `values` are those that it was logged with, and `layers` the paths of its masks by
    name.
    """

    path: str
    caption: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LoggedMedia:
    """Media of one name and kind.

    `kind` is image, audio, video, table, text, histogram or figure. `steps` are the
    newest of `step_count`. `items` are those of `step`; without a name that was asked
    for there are none.
    """

    name: str
    kind: str
    steps: list[int]
    step_count: int
    step: int | None = None
    items: list[MediaItem] = field(default_factory=list)


def read_media(
    get: Callable[..., Any], path: str, name: str | None, step: int | None
) -> list[LoggedMedia]:
    """Repeat the request until the server has read the names of all files."""
    for _request in range(MAX_REQUESTS):
        try:
            reply = get(path, name=name, step=step)
        except (InvalidValue, NotFound) as error:
            raise UserErrorException(error.message) from error
        # Older servers read all names at once.
        if not reply.get("is_reading"):
            break
    return [_media_of(each) for each in reply["media"]]


def _media_of(found: dict[str, Any]) -> LoggedMedia:
    items = [
        MediaItem(
            item["path"],
            item["caption"],
            item["values"],
            {layer["name"]: layer["path"] for layer in item["layers"]},
        )
        for item in found["items"]
    ]
    return LoggedMedia(
        *(found["name"], found["kind"], found["steps"], found["step_count"]),
        *(found["step"], items),
    )
