"""Registered models: what their files say, and a metric by version."""

from __future__ import annotations

from runs.render.registry.dependencies import (
    MAX_REQUIREMENTS_BYTES,
    DependencyDifference,
    compare_dependencies,
    parse_conda,
    parse_requirements,
)
from runs.render.registry.model_descriptions import (
    MAX_MLMODEL_BYTES,
    Flavor,
    ModelDescription,
    SignatureColumn,
    parse_model_description,
    read_signature,
    signature_text,
)
from runs.render.registry.model_table import (
    ModelLine,
    ModelLink,
    ModelTagLink,
    model_rows,
)
from runs.render.registry.version_charts import (
    ChartPoint,
    draw_version_chart,
)

__all__ = [
    "MAX_MLMODEL_BYTES",
    "MAX_REQUIREMENTS_BYTES",
    "ChartPoint",
    "DependencyDifference",
    "Flavor",
    "ModelDescription",
    "ModelLine",
    "ModelLink",
    "ModelTagLink",
    "SignatureColumn",
    "compare_dependencies",
    "draw_version_chart",
    "model_rows",
    "parse_conda",
    "parse_model_description",
    "parse_requirements",
    "read_signature",
    "signature_text",
]
