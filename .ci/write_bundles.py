"""Write the joined scripts to a folder, so that Node can check their syntax."""

from __future__ import annotations

import sys
from pathlib import Path

import django_htmx

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "static", Path(django_htmx.__file__).parent / "static")


def read_static(name: str) -> str:
    found = next(path for each in FOLDERS if (path := each / name).is_file())
    return found.read_text(encoding="utf-8")


def main(folder: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from runs.bundles import ModuleGraph, build_bundles

    for name, text in build_bundles(ModuleGraph(read_static)).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
