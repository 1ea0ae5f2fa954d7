"""A small workspace whose runs differ in everything that a filter can ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.actions.actor import Actor
from runs.actions.comments import add_comment
from runs.actions.experiments.experiments import create_experiment
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.runs import create_run
from runs.actions.views.views import ViewState, create_view
from runs.models import (
    Dataset,
    Experiment,
    Member,
    Role,
    Run,
    RunDataset,
    RunStar,
    User,
    Workspace,
)
from runs.search.run_list.run_page import RunPage, find_runs
from studio.core.filters.source import FilterText
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
#: Views by the values that tests compare fields with, and by the field's example.
VIEWS = {
    "local": "status:completed",
    "resnet50": "view:local or metrics.acc > 0.8",
    "Failed nightly": "status:failed",
}
#: What clients record of a run's code and machine.
RECORDED = {
    "author": "azureml-user",
    "azureml.git.commit": "4be1c0ffee",
    "studio.host": "gpu-07",
}


@dataclass(frozen=True)
class Library:
    """A workspace of ada, who owns it, and bob, who reads."""

    workspace: Workspace
    ada: User
    bob: User
    digits: Experiment

    def make(
        self,
        run_id: str,
        metrics: Mapping[str, Sequence[Any]] | None = None,
        columns: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> Run:
        """A run; `metrics` maps keys to the values of steps 0, 1, 2 …"""
        given = {"actor": Actor(self.ada), "now": NOON, "name": run_id, **given}
        experiment = given.pop("experiment", self.digits)
        run = create_run(experiment, run_id=run_id, **given)
        points = [
            Point(key, value, NOON + step, step)
            for key, values in (metrics or {}).items()
            for step, value in enumerate(values)
        ]
        log_metrics(run, points, actor=given["actor"], now=NOON)
        Run.objects.filter(pk=run.pk).update(**(columns or {}))
        run.refresh_from_db()
        return run

    def page(self, q: str = "", *, viewer: User | None = None, **spec: Any) -> RunPage:
        asked = ViewSpec.from_query({"q": q, **spec})
        return find_runs(asked, viewer or self.ada, self.workspace, now=NOON)

    def find(
        self, q: str = "", *, viewer: User | None = None, **spec: Any
    ) -> list[str]:
        """The ids that a filter finds: of the flat list, in their order."""
        spec = {"children": "1", "sort": "id", **spec}
        page = self.page(q, viewer=viewer, **spec)
        return [row.run.run_id for row in page.rows]


def empty_library(name: str, owner: str, reader: str) -> Library:
    workspace = Workspace.objects.create(name=name)
    ada = User.objects.create(username=owner)
    bob = User.objects.create(username=reader, display_name="Bob Ünlü")
    Member.objects.create(workspace=workspace, user=ada, role=Role.OWNER)
    Member.objects.create(workspace=workspace, user=bob, role=Role.READER)
    digits = create_experiment(workspace, "digits", actor=Actor(ada), now=NOON)
    return Library(workspace, ada, bob, digits)


def full_library() -> Library:
    """Runs a to i; h and i are in the trash, g is archived, d and e are children."""
    library = empty_library("library", "ada", "bob")
    _roots(library)
    _others(library)
    for name, q in VIEWS.items():
        state = ViewState(ViewSpec(q=FilterText(q)))
        create_view(library.workspace, name, state, actor=Actor(library.ada), now=NOON)
    return library


def _roots(library: Library) -> None:
    bob = Actor(library.bob)
    vision = create_experiment(library.workspace, "Vision / Größe", actor=bob, now=NOON)
    library.make(
        "a",
        name="resnet-50",
        params={"lr": "0.01", "a b": "x"},
        tags={"model": "resnet50", "baseline": None, "step": "10"},
        properties=RECORDED,
        metrics={"acc": [0.5, 0.9, 0.8], "val/acc": [1.5], "acc.max": [7.0]},
        script="train.py",
        type="script",
        columns={
            "status": RunStatus.COMPLETED.code,
            "created": NOON - 2 * HOUR,
            "started": NOON - HOUR,
            "ended": NOON - 30 * MINUTE,
            "launcher": "agent",
            "locked": True,
        },
    )
    library.make(
        "b",
        name="ResNet test",
        params={"lr": "1e-2"},
        tags={"model": "vit", "mlflow.source.git.commit": "deadbeef"},
        metrics={"acc": [0.7, float("nan")]},
        columns={
            "status": RunStatus.FAILED.code,
            "error": "RuntimeError:\nCUDA out of memory",
            "error_kind": "RuntimeError-b1",
            "created": NOON - 10 * DAY,
            "started": NOON - 10 * DAY,
            "ended": NOON - 10 * DAY + 5 * MINUTE,
        },
    )
    library.make(
        "c",
        experiment=vision,
        actor=bob,
        name="训练模型 一号",
        params={"lr": "0.1", "opt": "adam"},
        tags={"quality": "fantastic run", "质量": "高"},
        metrics={"acc": [float("inf")], "big": [2**60 + 1]},
        description="Straße, ΟΔΟΣ and 100% [done]",
        started=NOON - 5 * MINUTE,
    )


def _others(library: Library) -> None:
    done, make = RunStatus.COMPLETED.code, library.make
    gone = create_experiment(
        library.workspace, "gone", actor=Actor(library.ada), now=NOON
    )
    make(
        "d",
        parent_run_id="a",
        metrics={"note": ["good"], "acc": [0.1]},
        tags={"model": ""},
        columns={"status": RunStatus.CANCELED.code},
    )
    failed = {"status": RunStatus.FAILED.code}
    make("e", parent_run_id="a", params={"lr": "adaptive"}, columns=failed)
    make(
        "f",
        name="x_50%",
        status=RunStatus.QUEUED,
        target="gpu-1",
        columns={"submitter": None},
    )
    make("g", columns={"archived": NOON, "status": done})
    make("h", columns={"deleted": NOON, "status": done})
    make("i", experiment=gone, columns={"status": done})
    Experiment.objects.filter(pk=gone.pk).update(deleted=NOON)
    a = Run.objects.get(run_id="a")
    RunStar.objects.create(run=a, user=library.ada)
    for text in ("Worth another look", "It converged"):
        add_comment(a, text, actor=Actor(library.bob), now=NOON)
    dataset = Dataset.objects.create(
        experiment=a.experiment, name="digits", digest="d0ca", source_type="code"
    )
    RunDataset.objects.create(run=a, dataset=dataset, context="train")
