"""Images of a run that can be laid over the one that is shown, such as a mask."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from urllib.parse import quote

from runs.models import File
from runs.pages.previews import Neighbor
from runs.render.files import FileKind, file_kind

MAX_OVERLAYS = 200


def other_images(files: Iterable[File], shown: File, base: str) -> list[Neighbor]:
    """List the images among `files`, if the shown file is one."""
    if file_kind(shown.name) is not FileKind.IMAGE:
        return []
    images = (
        Neighbor(each.path, f"{base}files/raw/{quote(each.path)}?inline=1")
        for each in files
        if each.pk != shown.pk and file_kind(each.name) is FileKind.IMAGE
    )
    return list(islice(images, MAX_OVERLAYS))
