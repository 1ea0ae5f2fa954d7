"""Paths as the tree that people know from their own machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from runs.render.files.file_kinds import file_icon


@dataclass(frozen=True)
class TreeFile:
    """`is_live` if it is still written to; `ref` names it in an address."""

    name: str
    path: str
    size: int
    href: str
    chosen: bool = False
    is_live: bool = False
    ref: str = ""

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def icon(self) -> str:
        return file_icon(self.name)


@dataclass
class TreeFolder:
    """`open` if the chosen file is below, or by choice of the page.

    `level_href` is the level of a folder that is not loaded, `more_href` has the next
    files of one that is, and `folders_href` its next folders. `href` is the page with
    the level or the files, `folders_page` that with the folders.
    """

    name: str
    folders: dict[str, TreeFolder] = field(default_factory=dict)
    leaves: list[TreeFile] = field(default_factory=list)
    open: bool = False
    ref: str = ""
    href: str = ""
    level_href: str = ""
    more_href: str = ""
    folders_href: str = ""
    folders_page: str = ""

    @property
    def sorted_folders(self) -> list[TreeFolder]:
        return [self.folders[name] for name in sorted(self.folders)]


#: Folders stand open until a tree has more leaves than this.
MAX_OPEN_LEAVES = 40


def build_tree(leaves: Iterable[TreeFile]) -> TreeFolder:
    """The leaves below one nameless folder."""
    root = TreeFolder("", open=True)
    every = sorted(leaves, key=lambda leaf: leaf.path)
    for leaf in every:
        here = root
        for part in leaf.path.split("/")[:-1]:
            here = here.folders.setdefault(
                part, TreeFolder(part, open=len(every) <= MAX_OPEN_LEAVES)
            )
            here.open = here.open or leaf.chosen
        here.leaves.append(leaf)
    return root
