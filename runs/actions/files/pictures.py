"""Pictures in descriptions: saved as files of the run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.files.files import create_file, current_files, keep_or_discard_blob
from runs.actions.run_rows import begin_edit
from runs.actions.usage import refuse_if_full
from runs.models import File, Run, path_key
from runs.storage.files import Blob, files
from studio.core.errors import InvalidValue, StudioError

PICTURE_FOLDER = "notes"
MAX_PICTURE_BYTES = 10 * 1024 * 1024
_MAX_NAME_LENGTH = 60
_UNSAFE_CHARACTERS = re.compile(r"[^\w.-]+")


def attach_picture(
    run: Run, name: str, chunks: Iterable[bytes], *, actor: Actor, now: int
) -> File:
    """Save a picture in `notes/`; the same picture is saved once.

    The bytes decide the type, not the name. Raises InvalidValue for other types than
    PNG, JPEG, GIF and WebP, TooLarge above `MAX_PICTURE_BYTES`, QuotaReached, and
    Conflict if `notes` is a file.
    """
    pieces = iter(chunks)
    first_bytes = next(pieces, b"")
    kind = picture_extension(first_bytes)
    if not kind:
        raise InvalidValue(
            _("Only PNG, JPEG, GIF and WebP pictures can be attached."), field="picture"
        )
    refuse_if_full(run.workspace_id, 0, now)
    blob = files.write(chain([first_bytes], pieces), MAX_PICTURE_BYTES)
    try:
        file = _store_picture(run, _picture_path(name, kind, blob), blob, actor, now)
    except StudioError:
        files.discard(blob.name)
        raise
    keep_or_discard_blob(blob, file.blob)
    return file


def picture_extension(first_bytes: bytes) -> str:
    """Return the file extension for a picture by its first bytes; empty for other
    types.
    """
    # No SVG, which can contain scripts.
    if first_bytes.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if first_bytes.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if first_bytes.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if first_bytes[:4] == b"RIFF" and first_bytes[8:12] == b"WEBP" else ""


def _picture_path(name: str, kind: str, blob: Blob) -> str:
    """Return the path, with a part of the hash: screenshots are often named
    `image.png`.
    """
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or name
    stem = _UNSAFE_CHARACTERS.sub("-", stem).strip("-.")[:_MAX_NAME_LENGTH] or "picture"
    return f"{PICTURE_FOLDER}/{stem}-{blob.sha256[:8]}.{kind}"


@transaction.atomic
def _store_picture(run: Run, path: str, blob: Blob, actor: Actor, now: int) -> File:
    begin_edit(run, actor, now)
    known = current_files(run).filter(path_key=path_key(path)).first()
    # The path contains a part of the hash, so it is the same picture.
    if known is not None:
        return known
    file = create_file(run, path, blob, now)
    edits = [Edit("picture", None, path, run)]
    record_changes(run.workspace, "attach picture", edits, actor=actor, now=now)
    return file
