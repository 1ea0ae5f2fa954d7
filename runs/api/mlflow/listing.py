"""One level of the folder that a run's or model's files form."""

from __future__ import annotations

from dataclasses import dataclass

from runs.actions.files.files import Home, live


@dataclass(frozen=True)
class Entry:
    name: str
    is_folder: bool
    size: int = 0


def entries(home: Home, folder: str) -> list[Entry]:
    """Files and folders right below `folder` (empty: the top), by name."""
    rows = live(home)
    files = rows.filter(folder=folder).values_list("name", "size")
    found = {name: Entry(name, False, size) for name, size in files}
    start = f"{folder}/" if folder else ""
    below = rows.exclude(folder="").filter(folder__startswith=start)
    for path in below.values_list("folder", flat=True).distinct():
        # SQLite's LIKE takes no notice of case.
        if path.startswith(start):
            name = path[len(start) :].split("/", 1)[0]
            found[name] = Entry(name, True)
    return [found[name] for name in sorted(found)]
