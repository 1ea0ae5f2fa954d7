"""The scripts and style sheets of each kind of page, joined into one file each."""

from __future__ import annotations

from runs.bundles.joined import build_bundles
from runs.bundles.modules import ModuleGraph
from runs.bundles.tags import scripts, styles

__all__ = ["ModuleGraph", "build_bundles", "scripts", "styles"]
