"""The catalogue of fields: the one list that completion, errors, docs and REST read.

`fields` looks things up in it.

An attribute stands here by name; `tags.<key>`, `params.<key>`, `properties.<key>`,
`metrics.<key>`, `children.<status>` and `datasets.<what>` stand once per kind.
"""

from __future__ import annotations

from typing import Any

from studio.core.filters import tree
from studio.core.filters.field_spec import (
    BOOLEAN,
    DURATION,
    ID,
    MIXED,
    NUMBER,
    STATUS,
    TEXT,
    TIME,
    FieldSpec,
)


def _spec(
    name: str, label: str, kind: str, text: str, example: str, **more: Any
) -> FieldSpec:
    return FieldSpec(name, label, kind, text, example, **more)


ATTRIBUTE_SPECS: tuple[FieldSpec, ...] = (
    _spec("id", "Run ID", ID, "The run's id.", "id:resnet_17", aliases=("run_id",)),
    _spec(
        "number",
        "Number",
        NUMBER,
        "The run's number in its experiment.",
        "number:1..20",
    ),
    _spec(
        "name",
        "Display name",
        TEXT,
        "The display name.",
        'name like "resnet%"',
        aliases=("run_name", "display_name"),
    ),
    _spec(
        "status",
        "Status",
        STATUS,
        "The status, or a group of them.",
        "status:failed|canceled",
    ),
    _spec(
        "experiment", "Experiment", TEXT, "The experiment's name.", "experiment:digits"
    ),
    _spec(
        "submitter",
        "Submitted by",
        TEXT,
        "Who submitted the run; `me` is you.",
        "submitter:me",
        aliases=("user",),
    ),
    _spec("target", "Compute target", TEXT, "Where the run executes.", "target:local"),
    _spec("type", "Run type", TEXT, "What kind of run it is.", "type:script"),
    _spec("script", "Script", TEXT, "The script that was started.", "script:train.py"),
    _spec(
        "launcher",
        "Launcher",
        TEXT,
        "What started the run: `runner`, `agent`, or nothing for a script by itself.",
        "launcher:agent",
    ),
    _spec(
        "error",
        "Error",
        TEXT,
        "The error's text.",
        'error contains "out of memory"',
        colon="contains",
        sortable=False,
    ),
    _spec(
        "error_kind",
        "Error kind",
        ID,
        "What is the same for all runs that failed alike.",
        "error_kind is not null",
    ),
    _spec(
        "commit", "Commit", TEXT, "The git commit of the code.", "commit like '4be1%'"
    ),
    _spec(
        "created",
        "Submitted",
        TIME,
        "When the run arrived at the server.",
        "created:-7d",
        aliases=("submitted",),
    ),
    _spec(
        "started",
        "Started",
        TIME,
        "When it started, by the writer's clock.",
        "started:2026-11-01..2026-11-24",
        aliases=("start_time",),
    ),
    _spec(
        "ended",
        "Ended",
        TIME,
        "When it ended, by the writer's clock.",
        "ended is null",
        aliases=("end_time",),
    ),
    _spec(
        "updated",
        "Last changed",
        TIME,
        "When anything of it last changed.",
        "updated:-2h",
    ),
    _spec(
        "duration",
        "Duration",
        DURATION,
        "From its start to its end, or to now while it runs.",
        "duration:>1h30m",
    ),
    _spec("parent", "Parent run", ID, "The parent run's id.", "parent is null"),
    _spec(
        "root",
        "Root run",
        ID,
        "The id of the run at the top of its tree.",
        "root:sweep_3",
    ),
    _spec(
        "description",
        "Description",
        TEXT,
        "The description's text.",
        "description:baseline",
        colon="contains",
        sortable=False,
    ),
    _spec(
        "log",
        "Log",
        TEXT,
        "The text of its logs.",
        'log contains "CUDA error"',
        colon="contains",
        sortable=False,
        column=False,
        answered=False,
        offered=False,
    ),
    _spec("starred", "Starred", BOOLEAN, "Whether you starred it.", "starred:true"),
    _spec("archived", "Archived", BOOLEAN, "Whether it is archived.", "archived:true"),
    _spec("deleted", "Deleted", BOOLEAN, "Whether it is in the trash.", "deleted:true"),
    _spec(
        "locked",
        "Locked",
        BOOLEAN,
        "Whether it is locked against deletion.",
        "locked:true",
    ),
    _spec(
        "tags",
        "Tags",
        MIXED,
        "All tags, as a column.",
        "tag:baseline",
        sortable=False,
        filterable=False,
    ),
    _spec(
        "artifact_uri",
        "Artifact URI",
        TEXT,
        "Where MLflow clients read and write the run's files.",
        "artifact_uri like '%/3/%'",
        column=False,
        offered=False,
    ),
)

KEYED: dict[str, FieldSpec] = {
    tree.TAGS: _spec(
        "tags.<key>",
        "Tag",
        MIXED,
        "A tag's value; `tag:k` has the tag, `tag:k=v` has that value.",
        "tags.model = resnet50",
        aliases=("tag",),
    ),
    tree.PARAMS: _spec(
        "params.<key>",
        "Parameter",
        MIXED,
        "A parameter's value.",
        "params.lr:0.001..0.01",
        aliases=("param", "parameter", "parameters"),
    ),
    tree.PROPERTIES: _spec(
        "properties.<key>",
        "Property",
        MIXED,
        "A property's value.",
        "properties.author = azureml-user",
        aliases=("property",),
    ),
    tree.METRICS: _spec(
        "metrics.<key>",
        "Metric",
        MIXED,
        "A metric's last value; `.min`, `.max`, `.first` and `.count` at the end.",
        "metrics.acc.max > 0.9",
        aliases=("metric",),
    ),
    tree.CHILDREN: _spec(
        "children.<status>",
        "Child runs",
        NUMBER,
        "How many direct children have the status; `children.count` counts all.",
        "children.failed > 0",
    ),
    tree.DATASETS: _spec(
        "datasets.<what>",
        "Dataset",
        TEXT,
        "A logged dataset's `name`, `digest` or `context`.",
        "datasets.name = digits",
        aliases=("dataset",),
        sortable=False,
        column=False,
    ),
}

CATALOG: tuple[FieldSpec, ...] = tuple(
    spec for spec in (*ATTRIBUTE_SPECS, *KEYED.values()) if spec.answered
)
