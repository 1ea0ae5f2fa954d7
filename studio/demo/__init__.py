"""The sources of the sweep that `manage.py studio --demo` submits."""

from __future__ import annotations

from pathlib import Path

#: A script that needs numpy alone, and a module that it imports.
SOURCES = Path(__file__).parent / "sources"

__all__ = ["SOURCES"]
