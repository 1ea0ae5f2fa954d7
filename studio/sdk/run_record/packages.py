"""The packages that an interpreter finds, from the names of their folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

_METADATA_FOLDER = re.compile(
    r"(?P<name>[^-]+(?:-[^-\d][^-]*)*)-(?P<version>[^-]+?)"
    r"(?:-py[\d.]+)?\.(?:dist|egg)-info"
)


def list_packages(folders: Iterable[str]) -> list[str]:
    """`name==version` of each, sorted.

    Their metadata is not opened: reading hundreds of files would delay each run.
    """
    found: dict[str, str] = {}
    for folder in folders:
        try:
            entries = os.listdir(folder or ".")  # noqa: PTH208 (much faster)
        except OSError:
            continue
        for entry in entries:
            match = _METADATA_FOLDER.fullmatch(entry)
            if match:
                name = re.sub(r"[-_.]+", "-", match["name"]).lower()
                # As in an import, the first folder wins.
                found.setdefault(name, match["version"])
    return [f"{name}=={found[name]}" for name in sorted(found)]
