"""Selections that are too long for a URL: saved on the server, deleted when unused."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Sequence
from hashlib import blake2b

from django.db import transaction

from runs.models import (
    STORED_SELECTION_PREFIX,
    Selection,
    ViewRevision,
    Workspace,
    pack_keys,
)

DAY_MS = 86_400_000
#: How long an unused selection is kept.
SELECTION_DAYS = 400


@transaction.atomic
def save_selection(workspace: Workspace, keys: Sequence[int], *, now: int) -> Selection:
    """Return the selection of these runs, created if needed; 0 is an empty position."""
    content = pack_keys(keys)
    # 15 bytes are 24 characters of base32, without padding.
    digest = blake2b(content, digest_size=15).digest()
    selection, _made = Selection.objects.update_or_create(
        workspace=workspace,
        slug=b32encode(digest).decode().lower(),
        defaults={"packed": content, "used": now},
        create_defaults={"packed": content, "created": now, "used": now},
    )
    return selection


def delete_unused_selections(now: int) -> int:
    """Delete selections that were not used for long; return how many.

    A selection that any revision of a view uses stays as long as the view.
    """
    old = Selection.objects.filter(used__lt=now - SELECTION_DAYS * DAY_MS)
    # Reading all revisions of views is slow, and rarely a selection is old.
    return (
        old.exclude(slug__in=_selections_used_by_views()).delete()[0]
        if old.exists()
        else 0
    )


def _selections_used_by_views() -> set[str]:
    saved = ViewRevision.objects.filter(
        spec__selected__startswith=STORED_SELECTION_PREFIX
    )
    return {
        text.removeprefix(STORED_SELECTION_PREFIX)
        for text in saved.values_list("spec__selected", flat=True)
    }
