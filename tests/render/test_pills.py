"""Filter terms as people read them."""

from __future__ import annotations

import pytest

from runs.render.filters.filter_words import field_label, pill_texts
from studio.core.filters import parse, parse_field


@pytest.mark.parametrize(
    ("text", "label", "asked"),
    [
        ("status:failed|canceled", "Status", "Failed, Canceled"),
        ("created:-7d", "Submitted", "last 7 days"),
        ("created:-1d", "Submitted", "last day"),
        ("created:-90m", "Submitted", "last 1 h 30 min"),
        ("created:2026-11-24", "Submitted", "24 Nov 2026"),
        ("params.epochs >= 90", "params.epochs", "≥ 90"),
        ("params.lr:0.001..0.01", "params.lr", "0.001 to 0.01"),
        ("metrics.acc.max > 0.9", "metrics.acc.max", "> 0.9"),
        ("duration:<2m", "Duration", "< 2 min 00 s"),
        ("tag:baseline", "tags.baseline", "any"),
        ('params.note = ""', "params.note", "(empty)"),
        ("parent is null", "Parent run", "none"),
        ("starred", "Starred", "yes"),
        ("name like 'res%'", "Display name", "like res%"),
        ("resnet", "Text", "resnet"),
        ("a or b", "", "a or b"),
    ],
)
def test_a_pill_shows_field_and_condition(text: str, label: str, asked: str) -> None:
    term = parse(text)
    assert term is not None
    assert pill_texts(term) == (label, asked)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("created", "Submitted"),
        ("metrics.val/acc", "val/acc"),
        ("metrics.val/acc.max", "val/acc max"),
        ("tags.model", "tags.model"),
    ],
)
def test_a_column_is_headed_by_the_fields_label(name: str, label: str) -> None:
    assert field_label(parse_field(name)) == label
