"""Let files of a workspace that have the same content share their bytes.

The worker does so afterwards, not the upload: how long an upload takes tells nothing
about what is stored. Files of two workspaces never share bytes, so no member can find
out, by times or by free space, what another workspace has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from runs.models import File
from runs.storage.files import deletions_allowed, share_bytes

#: Smaller files are not worth a comparison.
MIN_SHARED_BYTES = 64 * 1024
#: The limit of contents for one call, the largest first.
MAX_CONTENTS = 2000
_WORKSPACE = Coalesce(F("run__workspace"), F("model__workspace"))


@dataclass(frozen=True)
class Content:
    """What several files of a workspace have."""

    workspace: int
    sha256: str
    size: int

    def rows(self) -> QuerySet[File]:
        return File.objects.filter(sha256=self.sha256, size=self.size)


def share_equal_files(_now: int) -> int:
    """Share the bytes of equal files; return how many bytes this freed.

    During a backup it does nothing; the next call catches up.
    """
    freed = 0
    for content in _repeated_contents():
        kept, *others = _blobs_with(content)
        for blob in others:
            # Allowed for one pair at a time, because a backup waits for it.
            with deletions_allowed() as is_allowed:
                if not is_allowed:
                    return freed
                are_equal = partial(_are_equal, content, kept, blob)
                freed += share_bytes(kept, blob, are_equal)
    return freed


def _repeated_contents() -> Iterator[Content]:
    """List the largest contents that several files of a workspace have."""
    rows = (
        File.objects.filter(~Q(sha256=""), size__gte=MIN_SHARED_BYTES)
        .annotate(workspace=_WORKSPACE)
        .values("workspace", "sha256", "size")
        .annotate(files=Count("pk"))
        .filter(files__gt=1)
        .order_by("-size", "sha256")
    )
    for row in list(rows[:MAX_CONTENTS]):
        yield Content(row["workspace"], row["sha256"], row["size"])


def _blobs_with(content: Content) -> list[str]:
    """List the blobs, or one empty name if the files were deleted in the meantime."""
    rows = content.rows().annotate(workspace=_WORKSPACE)
    mine = rows.filter(workspace=content.workspace).order_by("pk")
    return list(mine.values_list("blob", flat=True)) or [""]


def _are_equal(content: Content, *blobs: str) -> bool:
    """Whether both rows still say so: a file that is appended to loses its hash."""
    return content.rows().filter(blob__in=blobs).count() == len(blobs)
