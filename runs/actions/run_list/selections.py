"""Selections that are kept for addresses: made when they grow long, purged when old."""

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
#: How long a selection stays that nobody looks at.
SELECTION_DAYS = 400


@transaction.atomic
def save_selection(workspace: Workspace, keys: Sequence[int], *, now: int) -> Selection:
    """The selection of these runs (0: a free number), made if it is not there."""
    content = pack_keys(keys)
    digest = blake2b(content, digest_size=15).digest()
    selection, _made = Selection.objects.update_or_create(
        workspace=workspace,
        slug=b32encode(digest).decode().lower(),
        defaults={"packed": content, "used": now},
        create_defaults={"packed": content, "created": now, "used": now},
    )
    return selection


def delete_unused_selections(now: int) -> int:
    """Those that nobody has looked at for long; returns how many there were.

    What a view was ever saved with stays as long as the view.
    """
    old = Selection.objects.filter(used__lt=now - SELECTION_DAYS * DAY_MS)
    return old.exclude(slug__in=_slugs_in_views()).delete()[0] if old.exists() else 0


def _slugs_in_views() -> set[str]:
    saved = ViewRevision.objects.filter(
        spec__selected__startswith=STORED_SELECTION_PREFIX
    )
    return {
        text.removeprefix(STORED_SELECTION_PREFIX)
        for text in saved.values_list("spec__selected", flat=True)
    }
