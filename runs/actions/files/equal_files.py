"""Let files of a workspace that have the same content share their bytes.

The worker does so afterwards, not the upload: how long an upload takes tells nothing
about what is stored. Files of two workspaces never share bytes, so no member can find
out, by times or by free space, what another workspace has.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from runs.models import File
from runs.storage.files import deletions_allowed, share_bytes

#: Smaller files are not worth a comparison.
MIN_SHARED_BYTES = 64 * 1024
#: How long a call lasts, apart from the comparison of its last two files.
PASS_SECONDS = 20.0
#: How many contents a query returns.
CONTENTS_PER_QUERY = 2000
#: How long after the smallest files the largest ones are compared again.
REST_MS = 86_400_000
_WORKSPACE = Coalesce(F("run__workspace"), F("model__workspace"))


@dataclass(frozen=True)
class Content:
    """What several files of a workspace have."""

    size: int
    sha256: str
    workspace: int

    def rows(self) -> QuerySet[File]:
        return File.objects.filter(sha256=self.sha256, size=self.size)


@dataclass
class EqualFileSharing:
    """Compares some files at each call, the largest first, and continues later."""

    seconds: float = PASS_SECONDS
    _last: Content | None = field(default=None, init=False)
    #: The key of the last file that was compared, of the content after `_last`.
    _last_file: int = field(default=0, init=False)
    _not_before: int = field(default=0, init=False)

    def __call__(self, now: int) -> int:
        """Return how many bytes this freed; 0 during a backup and after a full pass."""
        # A clock that was set back must not put it off.
        if now < self._not_before <= now + REST_MS:
            return 0
        deadline = time.monotonic() + self.seconds
        freed = 0
        while _can_share() and (contents := _repeated_contents(self._last)):
            for content in contents:
                for count in self._share(content):
                    freed += count
                    if time.monotonic() >= deadline or not _can_share():
                        return freed
                self._last, self._last_file = content, 0
        if _can_share():
            self._last, self._not_before = None, now + REST_MS
        return freed

    def _share(self, content: Content) -> Iterator[int]:
        """Compare each file with the first one; yield what each freed."""
        (_key, kept), *others = _blobs_with(content)
        for key, blob in others:
            if key > self._last_file:
                self._last_file = key
                are_equal = partial(_are_equal, content, kept, blob)
                yield share_bytes(kept, blob, are_equal)


def _can_share() -> bool:
    with deletions_allowed() as is_allowed:
        return is_allowed


def _repeated_contents(after: Content | None) -> list[Content]:
    """List the largest contents that several files of a workspace have."""
    rows = (
        File.objects.filter(~Q(sha256=""), size__gte=MIN_SHARED_BYTES)
        .annotate(workspace=_WORKSPACE)
        .values("size", "sha256", "workspace")
    )
    if after is not None:
        same = Q(size=after.size, sha256=after.sha256, workspace__gt=after.workspace)
        rows = rows.filter(
            Q(size__lt=after.size) | Q(size=after.size, sha256__gt=after.sha256) | same
        )
    found = rows.annotate(files=Count("pk")).filter(files__gt=1)
    ordered = found.order_by("-size", "sha256", "workspace")[:CONTENTS_PER_QUERY]
    return [Content(row["size"], row["sha256"], row["workspace"]) for row in ordered]


def _blobs_with(content: Content) -> list[tuple[int, str]]:
    """List keys and blobs; one without a name if the files were deleted since."""
    rows = content.rows().annotate(workspace=_WORKSPACE)
    mine = rows.filter(workspace=content.workspace).order_by("pk")
    return list(mine.values_list("pk", "blob")) or [(0, "")]


def _are_equal(content: Content, *blobs: str) -> bool:
    """Whether both rows still say so: a file that is appended to loses its hash."""
    return content.rows().filter(blob__in=blobs).count() == len(blobs)
