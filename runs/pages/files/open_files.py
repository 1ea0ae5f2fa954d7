"""The address of the tab *Outputs + logs*: the open files, and the open folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from django.http import QueryDict

from runs.render.files import file_icon
from studio.core import names
from studio.core.errors import InvalidName

#: An address names this many files and folders; further ones are ignored.
MAX_TABS = 12
MAX_OPEN_FOLDERS = 20


@dataclass(frozen=True)
class FileRef:
    """A file or folder of the run, or of a logged model that it wrote."""

    path: str
    model_id: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def icon(self) -> str:
        return file_icon(self.name)

    def __str__(self) -> str:
        """As an address has it. No path of a file begins with a slash."""
        return f"//{self.model_id}/{self.path}" if self.model_id else self.path

    @staticmethod
    def parse(text: str) -> FileRef:
        if not text.startswith("//"):
            return FileRef(text)
        model_id, _slash, path = text[2:].partition("/")
        return FileRef(path, model_id)

    @property
    def query(self) -> str:
        """The part of an address that shows this file."""
        model = f"model={quote(self.model_id)}&" if self.model_id else ""
        return f"{model}path={quote(self.path)}"

    def parents(self) -> list[FileRef]:
        """The folders above it, the top folder first."""
        parts = self.path.split("/")[:-1]
        paths = ["/".join(parts[:count]) for count in range(len(parts) + 1)]
        return [replace(self, path=path) for path in paths]


def is_path(text: str) -> bool:
    """Whether a file or folder can have this path."""
    try:
        names.check_path(text)
    except InvalidName:
        return False
    return True


@dataclass(frozen=True)
class FileTab:
    ref: FileRef
    href: str
    close_href: str
    is_chosen: bool


@dataclass(frozen=True)
class OpenFiles:
    """What the address says; `base` ends in `files/`. `chosen` is one of the tabs."""

    base: str
    tabs: tuple[FileRef, ...] = ()
    chosen: FileRef | None = None
    folders: tuple[FileRef, ...] = ()
    find: str = ""
    #: The last of the open folders shows its files from behind this name.
    start: str = ""
    #: The same for its folders.
    after: str = ""

    @staticmethod
    def parse(base: str, query: QueryDict) -> OpenFiles:
        """Read the address. Without a path, the last of the named tabs is chosen."""
        tabs = dict.fromkeys(map(FileRef.parse, filter(None, query.getlist("open"))))
        shown = tuple(tabs)[:MAX_TABS]
        folders = dict.fromkeys(map(FileRef.parse, query.getlist("in")))
        known = [ref for ref in folders if not ref.path or is_path(ref.path)]
        path, model_id = query.get("path", ""), query.get("model", "")
        state = OpenFiles(
            base,
            shown,
            shown[-1] if shown else None,
            tuple(known)[:MAX_OPEN_FOLDERS],
            query.get("find", "").strip(),
            query.get("start", ""),
            query.get("after", ""),
        )
        return state.choose(FileRef(path, model_id)) if path else state

    def choose(self, ref: FileRef) -> OpenFiles:
        """The same with this file shown, in a tab of its own if it has none."""
        if ref in self.tabs:
            return replace(self, chosen=ref)
        # The oldest tab gives way.
        return replace(self, chosen=ref, tabs=(*self.tabs, ref)[-MAX_TABS:])

    def close(self, ref: FileRef) -> OpenFiles:
        """The same without this tab; the tab at its place is shown next."""
        position = self.tabs.index(ref)
        tabs = (*self.tabs[:position], *self.tabs[position + 1 :])
        chosen = self.chosen
        if chosen == ref:
            chosen = tabs[min(position, len(tabs) - 1)] if tabs else None
        return replace(self, tabs=tabs, chosen=chosen)

    @property
    def query(self) -> str:
        """Open tabs and the chosen file, without open folders."""
        if not self.tabs:
            # An address without files opens the log.
            return "open="
        tabs = "".join(f"&open={quote(str(tab))}" for tab in self.tabs)
        chosen = self.chosen.query if self.chosen else ""
        return chosen + (tabs if len(self.tabs) > 1 else "")

    @property
    def href(self) -> str:
        return f"{self.base}?{self.query}"

    def file_href(self, ref: FileRef) -> str:
        return self.choose(ref).href

    def folder_href(self, folder: FileRef) -> str:
        return f"{self.href}&in={quote(str(folder))}"

    def all_tabs(self) -> Sequence[FileTab]:
        return [
            FileTab(
                tab,
                replace(self, chosen=tab).href,
                self.close(tab).href,
                tab == self.chosen,
            )
            for tab in self.tabs
        ]
