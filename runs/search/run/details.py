"""One run, as its page shows it. Each function costs a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from runs.models import (
    Comment,
    Dataset,
    Direction,
    FileTotal,
    Follow,
    LoggedModel,
    Metric,
    MetricKind,
    ModelVersion,
    Run,
    RunDataset,
    RunDefinition,
    RunEvent,
    RunModel,
    RunParam,
    RunProperty,
    RunSnapshot,
    RunStar,
    RunTag,
    User,
    Workspace,
)
from studio.core.batches import batches
from studio.core.errors import NotFound
from studio.core.git import shown_value
from studio.core.names import is_system_metric, natural_order
from studio.core.statuses import ACTIVE, RunStatus

ACTIVE_CODES = [status.code for status in ACTIVE]
#: Runs with the same error kind are counted up to this number.
MAX_SAME_ERROR = 1000
#: Clients' own bookkeeping, which people rarely want to see.
SYSTEM_TAG_PREFIX = "mlflow."


@dataclass(frozen=True)
class RunHead:
    """What every tab of the page shows of its run."""

    run: Run
    starred: bool
    metrics: int
    files: int
    children: int
    #: Files of its own, without those of its models; and metrics that are tables.
    own_files: int = 0
    tables: int = 0
    #: It was submitted, so that its command can be submitted again.
    has_definition: bool = False
    has_snapshot: bool = False
    #: It read datasets or models, wrote models, or has registered versions.
    has_lineage: bool = False
    comments: int = 0
    #: The viewer is notified of it.
    followed: bool = False


@dataclass(frozen=True)
class KeyValueText:
    key: str
    value: str | None

    @property
    def is_bookkeeping(self) -> bool:
        return self.key.startswith(SYSTEM_TAG_PREFIX)


@dataclass(frozen=True)
class UsedDataset:
    dataset: Dataset
    context: str


def find_run(workspace: Workspace, viewer: User, run_id: str) -> RunHead:
    """The run of that id, trashed or not; raises NotFound."""
    rows = (
        Run.objects.visible_to(viewer)
        .in_workspace(workspace)
        .filter(run_id=run_id)
        .select_related("experiment", "submitter", "parent")
        .annotate(
            starred=Exists(RunStar.objects.filter(run=OuterRef("pk"), user=viewer)),
            followed=Exists(Follow.objects.filter(run=OuterRef("pk"), user=viewer)),
            **_counts_of_tabs(),
        )
    )
    # Typed loosely: mypy does not follow the annotations of a custom QuerySet.
    run: Any = rows.first()
    if run is None:
        raise NotFound(
            _("No run %(id)s in this workspace.") % {"id": run_id},
            run_id=run_id,
        )
    counts = run.own_files + run.model_files
    return RunHead(
        run,
        run.starred,
        run.metric_count,
        counts,
        run.child_count,
        run.own_files,
        run.table_count,
        run.has_definition,
        run.has_snapshot,
        run.has_lineage,
        run.comment_count,
        run.followed,
    )


def _counts_of_tabs() -> dict[str, Any]:
    # Subqueries, because several joins would multiply each other's rows.
    return dict(  # noqa: C408
        has_definition=Exists(RunDefinition.objects.filter(run=OuterRef("pk"))),
        has_snapshot=Exists(RunSnapshot.objects.filter(run=OuterRef("pk"))),
        has_lineage=_has_lineage(),
        metric_count=_count_subquery(Metric.objects.filter(run=OuterRef("pk"))),
        # Kept totals: a run can have 100,000 files.
        own_files=_sum_subquery(FileTotal.objects.filter(run=OuterRef("pk")), by="run"),
        table_count=_count_subquery(
            Metric.objects.filter(run=OuterRef("pk"), kind=MetricKind.TABLE)
        ),
        comment_count=_count_subquery(
            Comment.objects.active().filter(run=OuterRef("pk"))
        ),
        child_count=_count_subquery(
            Run.objects.not_deleted().filter(parent=OuterRef("pk")), by="parent"
        ),
        model_files=_sum_subquery(
            FileTotal.objects.filter(model__source_run=OuterRef("pk")),
            by="model__source_run",
        ),
    )


def _has_lineage() -> Q:
    run = OuterRef("pk")
    return (
        Q(Exists(RunDataset.objects.filter(run=run)))
        | Q(Exists(RunModel.objects.filter(run=run)))
        | Q(Exists(LoggedModel.objects.filter(source_run=run)))
        | Q(Exists(ModelVersion.objects.filter(files_run=run)))
    )


def _sum_subquery(rows: QuerySet[FileTotal], by: str) -> Coalesce:
    summed = rows.order_by().values(by).annotate(n=Sum("files")).values("n")
    return Coalesce(Subquery(summed, output_field=IntegerField()), 0)


def _count_subquery(
    rows: QuerySet[Metric] | QuerySet[Run] | QuerySet[Comment],
    by: str = "run",
) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def list_tags(run: Run) -> list[KeyValueText]:
    return _named_texts(RunTag.objects.filter(run=run))


def find_run_name(workspace: Workspace, run_id: str) -> str:
    """Return the display name of a run that another one names; empty if it is gone."""
    rows = Run.objects.in_workspace(workspace).not_deleted().filter(run_id=run_id)
    return rows.values_list("name", flat=True).first() or ""


def list_params(run: Run) -> list[KeyValueText]:
    return _named_texts(RunParam.objects.filter(run=run))


def list_properties(run: Run) -> list[KeyValueText]:
    return _named_texts(RunProperty.objects.filter(run=run))


def _named_texts(
    rows: QuerySet[RunTag] | QuerySet[RunParam] | QuerySet[RunProperty],
) -> list[KeyValueText]:
    found = rows.order_by("key__name").values_list("key__name", "value")
    return [KeyValueText(key, shown_value(key, value)) for key, value in found]


def read_metrics(run: Run) -> list[Metric]:
    """The heads of the run's series by name, what the machine measured last."""
    heads = Metric.objects.filter(run=run).select_related("key")
    return sorted(heads, key=lambda head: metric_order(head.key.name))


def metric_order(key: str) -> tuple[bool, list[tuple[int, str]], str]:
    return is_system_metric(key), natural_order(key), key


def list_datasets(run: Run) -> list[UsedDataset]:
    """The datasets that the run read, without their profiles, which can be large."""
    uses = RunDataset.objects.filter(run=run).select_related("dataset__experiment")
    uses = uses.defer("dataset__profile")
    return [UsedDataset(use.dataset, use.context) for use in uses.order_by("pk")]


def list_models(run: Run) -> list[LoggedModel]:
    """The models that the run wrote."""
    written = RunModel.objects.filter(run=run, direction=Direction.OUTPUT)
    return list(
        LoggedModel.objects.filter(workspace=run.workspace_id, deleted__isnull=True)
        .filter(Q(source_run=run) | Q(model_id__in=written.values("model_id")))
        .order_by("created", "pk")
    )


@dataclass(frozen=True)
class InputModel:
    """A model that a run read; `model` is None if it never arrived, or is deleted."""

    model_id: str
    model: LoggedModel | None


def list_input_models(run: Run) -> list[InputModel]:
    links = RunModel.objects.filter(run=run, direction=Direction.INPUT)
    ids = list(links.order_by("pk").values_list("model_id", flat=True))
    models = LoggedModel.objects.filter(workspace=run.workspace_id, model_id__in=ids)
    known = models.filter(deleted__isnull=True, experiment__deleted__isnull=True)
    by_id = {model.model_id: model for model in known} if ids else {}
    return [InputModel(model_id, by_id.get(model_id)) for model_id in ids]


@dataclass(frozen=True)
class Descendants:
    total: int
    active: int


def count_descendants(run: Run) -> Descendants:
    """How many runs hang below `run` at any depth, level by level as they are kept."""
    total = active = 0
    known, parents = {run.pk}, [run.pk]
    while parents:
        level = {
            pk: status
            for some in batches(parents)
            for pk, status in _child_keys_and_statuses(some)
            if pk not in known
        }
        total += len(level)
        active += sum(status in ACTIVE_CODES for status in level.values())
        parents = list(level)
        known.update(level)
    return Descendants(total, active)


def _child_keys_and_statuses(parents: Sequence[int]) -> Iterable[tuple[int, int]]:
    return Run.objects.filter(parent__in=parents).values_list("pk", "status")


def count_same_error(run: Run) -> int:
    """Count the runs with this run's error, itself too; at most one above the limit."""
    same_kind = Run.objects.filter(
        workspace=run.workspace_id, error_kind=run.error_kind
    )
    return same_kind.filter(deleted__isnull=True)[: MAX_SAME_ERROR + 1].count()


def status_before_timeout(run: Run) -> RunStatus:
    """The status that a run which is not responding had before; Running if unknown."""
    silent = RunStatus.NOT_RESPONDING.code
    fell = RunEvent.objects.filter(run=run, new=silent).exclude(old=silent)
    event = fell.order_by("-pk").first()
    if event is None or event.old is None:
        return RunStatus.RUNNING
    return RunStatus.from_code(event.old)
