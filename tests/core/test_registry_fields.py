"""The fields of models and versions: the same language, another catalog."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidFilter
from studio.core.filters import parse
from studio.core.filters.fields import FieldCatalog
from studio.core.filters.registry_fields import MODEL_FIELDS, VERSION_FIELDS
from studio.core.filters.tree import (
    TAGS,
    Comparison,
    Field,
    Flag,
    Number,
    Text,
    attribute,
    metric,
)


def test_a_filter_of_models_reads_the_fields_of_models() -> None:
    assert parse("is:starred", MODEL_FIELDS) == Comparison(
        attribute("starred"), "=", (Flag(True),)
    )
    assert parse("version_count:>3", MODEL_FIELDS) == Comparison(
        attribute("versions"), ">", (Number(3),)
    )
    # Tags of the registry are text, also where they look like numbers.
    assert parse("tag:a=5", MODEL_FIELDS) == Comparison(
        Field(TAGS, "a"), "=", (Text("5"),)
    )


def test_a_filter_of_versions_has_metrics() -> None:
    assert parse("metrics.acc > 0.9", VERSION_FIELDS) == Comparison(
        metric("acc"), ">", (Number(0.9),)
    )


@pytest.mark.parametrize(
    ("catalog", "text", "position", "suggestion"),
    [
        (MODEL_FIELDS, "a owner:me", 2, "registered_by"),
        (MODEL_FIELDS, "nmae = x", 0, "name"),
        (MODEL_FIELDS, "metrics.acc > 0.9", 0, ""),
        (MODEL_FIELDS, "status:failed", 0, ""),
        (MODEL_FIELDS, "tags.a > 3", 7, ""),
        (MODEL_FIELDS, "params.lr = 3", 0, ""),
        (VERSION_FIELDS, "is:starred", 0, ""),
        (VERSION_FIELDS, "version:abc", 8, ""),
    ],
)
def test_a_field_of_something_else_is_an_error_with_its_position(
    catalog: FieldCatalog, text: str, position: int, suggestion: str
) -> None:
    with pytest.raises(InvalidFilter) as caught:
        parse(text, catalog)
    details = caught.value.details
    assert details["position"] == position
    if suggestion:
        assert details["suggestions"][0]["text"] == suggestion


@pytest.mark.parametrize("catalog", [MODEL_FIELDS, VERSION_FIELDS])
def test_every_example_can_be_read(catalog: FieldCatalog) -> None:
    for spec in [*catalog.attributes.values(), *catalog.keyed.values()]:
        assert parse(spec.example, catalog) is not None
