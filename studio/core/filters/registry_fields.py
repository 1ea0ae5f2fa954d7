"""The fields of registered models, and of the versions of one."""

from __future__ import annotations

from studio.core.filters import tree
from studio.core.filters.field_spec import (
    BOOLEAN,
    NUMBER,
    TEXT,
    TIME,
    FieldSpec,
)
from studio.core.filters.fields import FieldCatalog
from studio.core.messages import message, message_with_context

_REGISTERED_BY = ("submitter", "user", "created_by")
_UPDATED = ("last_updated_timestamp", "changed")
_CREATED = ("registered", "creation_timestamp")

MODEL_SPECS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "name",
        message_with_context("field of a model", "Name"),
        TEXT,
        message("The name of the model."),
        'name like "resnet%"',
    ),
    FieldSpec(
        "description",
        message("Description"),
        TEXT,
        message("Words in the model's description."),
        "description:baseline",
        colon="contains",
        sortable=False,
    ),
    FieldSpec(
        "created",
        message_with_context("field of a model", "Created"),
        TIME,
        message("When the model was created."),
        "created:-7d",
        aliases=_CREATED,
    ),
    FieldSpec(
        "updated",
        message("Updated"),
        TIME,
        message("When the model, a version or an alias last changed."),
        "updated:-24h",
        aliases=_UPDATED,
    ),
    FieldSpec(
        "registered_by",
        message("Registered by"),
        TEXT,
        message("Who created the model. `me` is you."),
        "registered_by:me",
        aliases=_REGISTERED_BY,
    ),
    FieldSpec(
        "versions",
        message("Versions"),
        NUMBER,
        message("The number of versions."),
        "versions:>10",
        aliases=("version_count",),
    ),
    FieldSpec(
        "latest",
        message("Latest version"),
        NUMBER,
        message("The number of the latest version."),
        "latest:>=3",
        aliases=("latest_version",),
    ),
    FieldSpec(
        "alias",
        message("Alias"),
        TEXT,
        message("An alias of one of the versions."),
        "alias:champion",
        aliases=("aliases",),
        sortable=False,
    ),
    FieldSpec(
        "starred",
        message("Starred"),
        BOOLEAN,
        message("Whether you starred the model."),
        "starred:true",
    ),
)

VERSION_SPECS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "version",
        message_with_context("field of a model version", "Version"),
        NUMBER,
        message("The number of the version."),
        "version:>=10",
        aliases=("number", "version_number"),
    ),
    FieldSpec(
        "alias",
        message("Alias"),
        TEXT,
        message("An alias that points to the version."),
        "alias:champion",
        aliases=("aliases",),
        sortable=False,
    ),
    FieldSpec(
        "run",
        message_with_context("noun", "Run"),
        TEXT,
        message("The ID or the display name of the version's run."),
        'run like "resnet%"',
        aliases=("run_id", "run_name"),
    ),
    FieldSpec(
        "stage",
        message("Stage"),
        TEXT,
        message("The stage that older MLflow clients set."),
        "stage:production",
        aliases=("current_stage",),
    ),
    FieldSpec(
        "description",
        message("Description"),
        TEXT,
        message("Words in the version's description."),
        "description:baseline",
        colon="contains",
        sortable=False,
    ),
    FieldSpec(
        "size",
        message("Size"),
        NUMBER,
        message("The size of the version's files in bytes."),
        "size:<100000000",
    ),
    FieldSpec(
        "created",
        message_with_context("when", "Registered"),
        TIME,
        message("When the version was registered."),
        "created:-7d",
        aliases=_CREATED,
    ),
    FieldSpec(
        "registered_by",
        message("Registered by"),
        TEXT,
        message("Who registered the version. `me` is you."),
        "registered_by:me",
        aliases=_REGISTERED_BY,
    ),
)

# The registry stores tags as text, so they have no order.
_MODEL_TAG = FieldSpec(
    "tags.<key>",
    message("Tag"),
    TEXT,
    message("The value of a tag. `tag:k` matches models with the tag."),
    "tags.stage = paper",
    aliases=("tag",),
    sortable=False,
)
_VERSION_TAG = FieldSpec(
    "tags.<key>",
    message("Tag"),
    TEXT,
    message("The value of a tag. `tag:k` matches versions with the tag."),
    "tags.validated = yes",
    aliases=("tag",),
    sortable=False,
)
_VERSION_METRIC = FieldSpec(
    "metrics.<key>",
    message("Metric"),
    NUMBER,
    message("The last value of a metric: of the logged model, or else of the run."),
    "metrics.acc > 0.9",
    aliases=("metric",),
)

MODEL_FIELDS = FieldCatalog(
    MODEL_SPECS,
    {tree.TAGS: _MODEL_TAG},
    prefixes=("attribute", "attributes", "attr", "model"),
    instead={
        "owner": "registered_by",
        "time": "updated",
        "date": "updated",
        "version": "versions",
        "favorite": "starred",
    },
)
VERSION_FIELDS = FieldCatalog(
    VERSION_SPECS,
    {tree.TAGS: _VERSION_TAG, tree.METRICS: _VERSION_METRIC},
    prefixes=("attribute", "attributes", "attr", "version"),
    instead={
        "owner": "registered_by",
        "time": "created",
        "date": "created",
        "latest": "version",
    },
)
