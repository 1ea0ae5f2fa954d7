"""Links of a column's values, composed at once, filter as single terms do."""

from __future__ import annotations

import pytest

from runs.pages.lists import ListLinks
from studio.core.filters.tree import (
    UNITS,
    Comparison,
    Field,
    Flag,
    Moment,
    Number,
    Text,
    Value,
    attribute,
)
from studio.core.view_spec import ViewSpec

TAG, METRIC = Field("tags", "a key"), Field("metrics", "val/acc", "max")
VALUES: list[tuple[Field, Value]] = [
    (TAG, Text("resnet")),
    (TAG, Text('"&=+ %41 \u4e2d')),
    (TAG, Text("")),
    (Field("params", "lr"), Text("1e-5")),
    (METRIC, Number(0.25)),
    (METRIC, Number(float("nan"))),
    (METRIC, Number(1)),
    (attribute("status"), Text("Failed")),
    (attribute("created"), Moment(0, UNITS["day"], "day")),
    (attribute("starred"), Flag(value=True)),
    (attribute("starred"), Flag(value=False)),
]
FILTERS = [
    "",
    "# only a comment",
    "baseline",
    "baseline params.batch = 8",
    "baseline and params.batch = 8",
    "baseline or tags.team = nlp",
    "tags.'a key' = resnet metrics.val/acc.max = 0.25 status:failed",
    "tags.'a key' != resnet and not starred:true and created:1970-01-01",
    "params.lr in ('1e-5', '1e-4') # both",
]


@pytest.mark.parametrize("q", FILTERS)
def test_links_of_values_are_those_of_their_terms(q: str) -> None:
    spec = ViewSpec(q=q, rows=25, children=True)
    columns = ListLinks("default", spec, spec.filter())
    for field, value in VALUES:
        # Each term with links of its own, so that none is found in a cache.
        terms = ListLinks("default", spec, spec.filter())
        term = Comparison(field, "=", (value,))
        expected = terms.only_matching(term), terms.except_matching(term)
        assert columns.value_hrefs(field)(value) == expected
