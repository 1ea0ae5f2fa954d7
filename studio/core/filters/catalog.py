"""The catalog of fields: the one list that completion, errors, docs and REST read.

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
from studio.core.messages import message, message_with_context


def _field_spec(
    name: str, label: str, kind: str, text: str, example: str, **more: Any
) -> FieldSpec:
    return FieldSpec(name, label, kind, text, example, **more)


ATTRIBUTE_SPECS: tuple[FieldSpec, ...] = (
    _field_spec(
        "id",
        message("Run ID"),
        ID,
        message("The run ID."),
        "id:resnet_17",
        aliases=("run_id",),
    ),
    _field_spec(
        "number",
        message_with_context("field of a run", "Number"),
        NUMBER,
        message("The number of the run in its experiment."),
        "number:1..20",
    ),
    _field_spec(
        "name",
        message("Display name"),
        TEXT,
        message("The display name."),
        'name like "resnet%"',
        aliases=("run_name", "display_name"),
        suggested=2,
        of_experiments=True,
    ),
    _field_spec(
        "status",
        message("Status"),
        STATUS,
        message("The status, or a group of statuses."),
        "status:failed|canceled",
        suggested=1,
    ),
    _field_spec(
        "experiment",
        message("Experiment"),
        TEXT,
        message("The name of the experiment."),
        "experiment:digits",
        suggested=5,
    ),
    _field_spec(
        "submitter",
        message("Submitted by"),
        TEXT,
        message("Who submitted the run. `me` is you."),
        "submitter:me",
        aliases=("user",),
        suggested=6,
        of_experiments=True,
    ),
    _field_spec(
        "target",
        message("Compute target"),
        TEXT,
        message("Where the run executes."),
        "target:local",
    ),
    _field_spec(
        "type",
        message("Run type"),
        TEXT,
        message("The type of the run."),
        "type:script",
    ),
    _field_spec(
        "script",
        message("Script"),
        TEXT,
        message("The script that was started."),
        "script:train.py",
    ),
    _field_spec(
        "launcher",
        message("Launcher"),
        TEXT,
        message("What started the run: `runner`, `agent`, or empty for a script."),
        "launcher:agent",
    ),
    _field_spec(
        "error",
        message("Error"),
        TEXT,
        message("The error message."),
        'error contains "out of memory"',
        colon="contains",
        sortable=False,
    ),
    _field_spec(
        "error_kind",
        message("Error kind"),
        ID,
        message("The error kind: the same for all runs with the same cause."),
        "error_kind is not null",
    ),
    _field_spec(
        "commit",
        message("Commit"),
        TEXT,
        message("The Git commit of the code."),
        "commit like '4be1%'",
    ),
    _field_spec(
        "host",
        message_with_context("field of a run", "Host"),
        TEXT,
        message("The name of the machine that executed the run."),
        "host:gpu-07",
        aliases=("hostname",),
    ),
    _field_spec(
        "created",
        message("Submitted"),
        TIME,
        message("When the server received the run."),
        "created:-7d",
        aliases=("submitted",),
        suggested=3,
        of_experiments=True,
    ),
    _field_spec(
        "started",
        message("Started"),
        TIME,
        message("When the run started, by the clock of its machine."),
        "started:2026-11-01..2026-11-24",
        aliases=("start_time",),
    ),
    _field_spec(
        "ended",
        message("Ended"),
        TIME,
        message("When the run ended, by the clock of its machine."),
        "ended is null",
        aliases=("end_time",),
    ),
    _field_spec(
        "updated",
        message("Last changed"),
        TIME,
        message("When anything in the run last changed."),
        "updated:-2h",
    ),
    _field_spec(
        "changed",
        message_with_context("field of a run", "Changed"),
        TIME,
        message(
            "When a member, script or token changed the run: its name, tags, "
            "description, archive, trash, lock."
        ),
        "changed:-2d",
        sortable=False,
        column=False,
    ),
    _field_spec(
        "changed_by",
        message("Changed by"),
        TEXT,
        message("Who changed the run. `me` is you."),
        "changed_by:me",
        sortable=False,
        column=False,
    ),
    _field_spec(
        "duration",
        message("Duration"),
        DURATION,
        message("From start to end, or to now while the run is active."),
        "duration:>1h30m",
        suggested=4,
    ),
    _field_spec(
        "parent",
        message("Parent run"),
        ID,
        message("The ID of the parent run."),
        "parent is null",
    ),
    _field_spec(
        "root",
        message("Root run"),
        ID,
        message("The ID of the topmost run of the tree."),
        "root:sweep_3",
    ),
    _field_spec(
        "description",
        message("Description"),
        TEXT,
        message("Words in the run's description."),
        "description:baseline",
        colon="contains",
        sortable=False,
    ),
    _field_spec(
        "comment",
        message_with_context("field of a run", "Comment"),
        TEXT,
        message("The text of a comment on the run. A column has all comments."),
        'comment:"worth another look"',
        colon="contains",
        sortable=False,
    ),
    _field_spec(
        "log",
        message_with_context("field of a run", "Log"),
        TEXT,
        message(
            "A text in a line of the run's logs; `matches` searches for a regular "
            "expression."
        ),
        'log:"CUDA out of memory"',
        colon="contains",
        sortable=False,
        column=False,
        searches_patterns=True,
        suggested=8,
    ),
    _field_spec(
        "view",
        message_with_context("field of a run", "View"),
        TEXT,
        message(
            "The slug or name of a custom view that you can see: its filter applies."
        ),
        'view:"Failed nightly"',
        sortable=False,
        column=False,
        is_reference=True,
    ),
    _field_spec(
        "starred",
        message("Starred"),
        BOOLEAN,
        message("Whether you starred the run."),
        "starred:true",
        suggested=7,
        of_experiments=True,
    ),
    _field_spec(
        "archived",
        message("Archived"),
        BOOLEAN,
        message("Whether the run is archived."),
        "archived:true",
        of_experiments=True,
    ),
    _field_spec(
        "deleted",
        message("Deleted"),
        BOOLEAN,
        message("Whether the run is in the trash."),
        "deleted:true",
        of_experiments=True,
    ),
    _field_spec(
        "locked",
        message("Locked"),
        BOOLEAN,
        message("Whether the run is locked, so that it is read-only."),
        "locked:true",
    ),
    _field_spec(
        "locked_by",
        message("Locked by"),
        TEXT,
        message("Who locked the run. `me` is you."),
        "locked_by:me",
        sortable=False,
        column=False,
    ),
    _field_spec(
        "tags",
        message("Tags"),
        MIXED,
        message("All tags, as a column."),
        "tag:baseline",
        sortable=False,
        filterable=False,
    ),
    _field_spec(
        "artifact_uri",
        message("Artifact URI"),
        TEXT,
        message("Where MLflow clients read and write the files of the run."),
        "artifact_uri like '%/3/%'",
        column=False,
        offered=False,
    ),
)

KEYED: dict[str, FieldSpec] = {
    tree.TAGS: _field_spec(
        "tags.<key>",
        message("Tag"),
        MIXED,
        message(
            "The value of a tag. `tag:k` matches runs with the tag, "
            "`tag:k=v` those with this value."
        ),
        "tags.model = resnet50",
        aliases=("tag",),
        of_experiments=True,
    ),
    tree.PARAMS: _field_spec(
        "params.<key>",
        message("Parameter"),
        MIXED,
        message("The value of a parameter."),
        "params.lr:0.001..0.01",
        aliases=("param", "parameter", "parameters"),
    ),
    tree.PROPERTIES: _field_spec(
        "properties.<key>",
        message("Property"),
        MIXED,
        message("The value of a property."),
        "properties.author = azureml-user",
        aliases=("property",),
    ),
    tree.METRICS: _field_spec(
        "metrics.<key>",
        message("Metric"),
        MIXED,
        message(
            "The last value of a metric. Append `.min`, `.max`, `.first` or `.count`."
        ),
        "metrics.acc.max > 0.9",
        aliases=("metric",),
    ),
    tree.CHILDREN: _field_spec(
        "children.<status>",
        message("Child runs"),
        NUMBER,
        message(
            "The number of direct child runs with the status. "
            "`children.count` counts all."
        ),
        "children.failed > 0",
    ),
    tree.DATASETS: _field_spec(
        "datasets.<what>",
        message("Dataset"),
        TEXT,
        message("The `name`, `digest` or `context` of a logged dataset."),
        "datasets.name = digits",
        aliases=("dataset",),
        sortable=False,
        column=False,
    ),
}

#: The names of the fields that a filter of experiments can use.
EXPERIMENT_FIELDS = tuple(
    spec.name for spec in (*ATTRIBUTE_SPECS, *KEYED.values()) if spec.of_experiments
)

CATALOG: tuple[FieldSpec, ...] = tuple(
    spec for spec in (*ATTRIBUTE_SPECS, *KEYED.values())
)
