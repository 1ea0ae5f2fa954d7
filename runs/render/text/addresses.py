"""How things are named in a path."""

from __future__ import annotations

import re
from urllib.parse import quote

_FITS = re.compile(r"(?![.~])[^/\\\x00-\x1f]{1,200}")


def experiment_slug(number: int, name: str) -> str:
    """An experiment's name, or `~<id>` where the name does not fit a path."""
    return name if _FITS.fullmatch(name) else f"~{number}"


def experiment_path(workspace: str, number: int, name: str) -> str:
    slug = quote(experiment_slug(number, name), safe="~")
    return f"/w/{workspace}/experiments/{slug}/"


def run_path(workspace: str, run_id: str) -> str:
    return f"/w/{workspace}/runs/{quote(run_id)}/"
