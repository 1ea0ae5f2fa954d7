"""The package `studio` around this folder, if another or none is installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[3]
# The modules of the package are found there, and its own names are those of its file.
__path__ = [str(_PACKAGE)]
exec(compile((_PACKAGE / "__init__.py").read_text(), __file__, "exec"))  # noqa: S102
