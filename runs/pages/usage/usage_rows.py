"""The table of usage: its tabs, and its rows with bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from runs.models import Role, Workspace
from runs.pages.requests import PageRequest
from runs.render.formats import experiment_path, filesize, run_path
from runs.render.usage import draw_kind_bar
from runs.search.usage import (
    StorageUsage,
    StoredKind,
    UsageRow,
    usage_by_experiment,
    usage_by_member,
    usage_by_run,
)

KIND_LABELS = {
    StoredKind.CHECKPOINTS: gettext_lazy("Checkpoints"),
    StoredKind.LOGS: gettext_lazy("Logs"),
    StoredKind.MEDIA: gettext_lazy("Images and media"),
    StoredKind.METRICS: gettext_lazy("Metrics"),
    StoredKind.SNAPSHOTS: gettext_lazy("Snapshots"),
    StoredKind.OTHER: gettext_lazy("Other files"),
    StoredKind.TRASH: gettext_lazy("Trash"),
}
BY_EXPERIMENT, BY_RUN, BY_KIND, BY_MEMBER = "experiment", "run", "kind", "member"
_TABS = {
    BY_EXPERIMENT: gettext_lazy("Experiment"),
    BY_RUN: pgettext_lazy("object", "Run"),
    BY_KIND: gettext_lazy("File kind"),
    BY_MEMBER: gettext_lazy("Member"),
}
#: Who is no owner sees what is stored for their own runs.
_TABS_OF_ALL = (BY_RUN, BY_KIND)
_READERS: dict[str, Callable[[Workspace], list[UsageRow]]] = {
    BY_EXPERIMENT: usage_by_experiment,
    BY_RUN: usage_by_run,
    BY_MEMBER: usage_by_member,
}


@dataclass(frozen=True)
class Tab:
    key: str
    label: str
    is_open: bool


@dataclass(frozen=True)
class Line:
    """A line of the table; `percent` is the change in 30 days, None if unknown."""

    name: str
    size: int
    percent: int | None
    bar: SafeString = field(repr=False)
    href: str = ""

    @property
    def increase(self) -> str:
        if not self.percent:
            return "–"
        return f"{self.percent:+d}%".replace("-", "\N{MINUS SIGN}")


def usage_tabs(request: PageRequest) -> list[Tab]:
    keys = list(_TABS) if request.role >= Role.OWNER else list(_TABS_OF_ALL)
    wanted = request.GET.get("by", "")
    shown = wanted if wanted in keys else keys[0]
    return [Tab(key, str(_TABS[key]), key == shown) for key in keys]


def usage_lines(request: PageRequest, by: str, usage: StorageUsage) -> Sequence[Line]:
    """Return the lines of a tab, the largest first."""
    if by == BY_KIND:
        return _lines_of_kinds(request, usage)
    rows = _READERS[by](request.workspace)
    if request.role < Role.OWNER:
        me = request.actor.user.pk
        rows = [row for row in rows if row.run and row.run.submitter_id == me]
    whole = max((row.total for row in rows), default=0)
    return [_line(request.workspace, row, whole) for row in rows]


def _lines_of_kinds(request: PageRequest, usage: StorageUsage) -> list[Line]:
    sizes = usage.sizes
    if request.role < Role.OWNER:
        mine = [
            row
            for row in usage_by_member(request.workspace)
            if row.user and row.user.pk == request.actor.user.pk
        ]
        sizes = mine[0].sizes if mine else {}
    whole = max(sizes.values(), default=0)
    found = sorted(sizes.items(), key=lambda pair: -pair[1])
    return [
        Line(
            str(KIND_LABELS[kind]),
            size,
            None,
            draw_kind_bar({kind.value: size}, whole, filesize(size)),
        )
        for kind, size in found
    ]


def _line(workspace: Workspace, row: UsageRow, whole: int) -> Line:
    sizes = {kind.value: size for kind, size in row.sizes.items()}
    increase = row.increase
    return Line(
        row.name or _("deleted"),
        row.total,
        None if increase is None else round(increase * 100),
        draw_kind_bar(sizes, whole, kind_texts(row.sizes)),
        _href(workspace, row),
    )


def kind_texts(sizes: Mapping[StoredKind, int]) -> str:
    """Return `Logs 74 GB, Metrics 31 GB`."""
    return ", ".join(
        f"{KIND_LABELS[kind]} {filesize(size)}" for kind, size in sizes.items()
    )


def _href(workspace: Workspace, row: UsageRow) -> str:
    if row.experiment is not None:
        found = row.experiment
        return experiment_path(workspace.name, found.number, found.name)
    if row.run is not None:
        return run_path(workspace.name, row.run.run_id)
    if row.user is not None:
        runs = reverse("run-list", args=[workspace.name])
        return f"{runs}?q=submitter:{row.user.username}"
    return ""
