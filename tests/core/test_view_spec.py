"""A list's state is a short query string, and comes back from it unchanged."""

from __future__ import annotations

import json

import pytest

from studio.core.errors import InvalidValue
from studio.core.filters.tree import Field, attribute, metric
from studio.core.view_spec import (
    DEFAULT_COLUMNS,
    Chart,
    Column,
    Group,
    RowExpansion,
    Sort,
    ViewSpec,
    without_parameter,
)
from studio.core.view_text import join_with_commas

FULL = ViewSpec(
    q='status:failed tag:"a b" metrics.acc > 0.9 & 训练',
    sort=Sort(metric("val,acc", "max"), descending=True),
    columns=(
        Column(attribute("name"), 320),
        Column(Field("params", 'a,"b"')),
        Column(attribute("tags")),
    ),
    children=True,
    tree=(RowExpansion("sweep_1"), RowExpansion("sweep_2", 60)),
    flat=True,
    mine=True,
    group=Group((Field("params", "seed"),), all_but=True),
    differs=True,
    charts=(
        Chart("line", (metric("loss"), metric("a!b")), (("x", "time"),)),
        Chart("scatter", (Field("params", "lr=1"), metric("acc"))),
    ),
    selected=("r1", "r2"),
    only=True,
    facets=True,
    archived=True,
    rows=100,
    view="abcdefghij",
    after="cursor",
)


def test_the_default_is_an_empty_query():
    assert ViewSpec().to_query() == ""
    assert ViewSpec.from_query("") == ViewSpec()


def test_the_state_round_trips_through_the_query():
    assert ViewSpec.from_query(FULL.to_query()) == FULL


@pytest.mark.parametrize(
    "name", ["children", "flat", "mine", "differs", "only", "facets", "archived"]
)
def test_a_switch_is_off_unless_it_is_1(name):
    assert getattr(ViewSpec(), name) is False
    assert getattr(ViewSpec.from_query(f"{name}=0"), name) is False
    spec = ViewSpec.from_query(f"{name}=1")
    assert getattr(spec, name) is True
    assert spec.to_query() == f"{name}=1"


@pytest.mark.parametrize(
    ("query", "is_tree"),
    [
        ("", False),
        ("children=1", True),
        ("children=1&flat=1", False),
        ("children=1&group=params.lr", False),
        ("flat=1", False),
    ],
)
def test_child_runs_are_a_tree_unless_flat_or_grouped(query, is_tree):
    assert ViewSpec.from_query(query).is_tree is is_tree


@pytest.mark.parametrize(
    ("typed", "width"),
    [(0, 0), (1, 40), (40, 40), (41, 41), (2000, 2000), (2001, 2000)],
)
def test_a_width_is_within_its_limits(typed, width):
    spec = ViewSpec.from_query(f"columns=name:{typed},status")
    assert spec.columns[0].width == width


@pytest.mark.parametrize("view", ["a", "a" * 32, "abc.1", "abc.123456789"])
def test_a_view_has_a_short_name_and_a_revision(view):
    assert ViewSpec.from_query(f"view={view}").view == view


@pytest.mark.parametrize(
    "group",
    [
        "params.lr",
        "params.lr,tags.model",
        "-params.seed!by=count",
        "params.lr!by=-value",
        "params.lr!by=mean:metrics.acc",
        "params.lr!by=-max:metrics.acc.min!open=3f2a.77b0",
    ],
)
def test_groups_are_written_as_they_were_read(group):
    spec = ViewSpec.from_query(f"group={group}")
    assert ViewSpec.from_query(spec.to_query()) == spec
    assert str(spec.group) == group


def test_the_state_round_trips_through_json():
    stored = json.loads(json.dumps(FULL.to_json()))
    again = ViewSpec.from_json(stored)
    assert again.to_json() == FULL.to_json()
    assert again.charts == FULL.charts
    assert (again.after, again.view) == ("", "")


def test_a_query_is_short_readable_and_in_order():
    spec = ViewSpec.from_query(
        "rows=25&sort=-metrics.acc&q=status:failed|canceled+tag:a"
    )
    assert spec.to_query() == "q=status:failed|canceled+tag:a&sort=-metrics.acc&rows=25"


def test_unknown_parameters_are_ignored():
    assert ViewSpec.from_query("utm_source=chat&rows=25").to_query() == "rows=25"


def test_a_change_goes_back_to_the_first_page():
    assert FULL.changed(q="").after == ""
    assert FULL.changed(before="x").after == ""


def test_a_width_is_clamped_to_its_limits():
    assert ViewSpec.from_query("columns=name:999999").columns[0].width == 2000


def test_a_broken_filter_is_kept_as_text():
    assert ViewSpec.from_query("q=a+and").q == "a and"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=bogus", "sort"),
        ("sort=description", "sort"),
        ("sort=tags", "sort"),
        ("columns=name,acuracy", "columns"),
        ("columns=log", "columns"),
        ("columns=" + ",".join(f"tags.k{n}" for n in range(201)), "columns"),
        ("children=yes", "children"),
        ("group=-", "group"),
        ("group=params.lr!by=mean", "group"),
        ("group=params.lr!by=count:metrics.acc", "group"),
        ("group=params.lr!by=median:metrics.acc", "group"),
        ("group=params.lr!size=2", "group"),
        ("charts=pie!metrics.a", "charts"),
        ("charts=line", "charts"),
        ("rows=30", "rows"),
        ("rows=1e9", "rows"),
        ("rows=1000", "rows"),
        ("rows=01000000", "rows"),
        ("view=../x", "view"),
        ("view=a-b", "view"),
        ("view=" + "a" * 33, "view"),
        ("view=abc.", "view"),
        ("view=abc.x", "view"),
        ("view=abc.٣", "view"),
        ("view=abc.1234567890", "view"),
        ("after=a&before=b", "before"),
        ("selected=r1,a%00b", "selected"),
        ("tree=%00:3", "tree"),
        ("tree=sweep_1:", "tree"),
        ("tree=sweep_1:-3", "tree"),
        ("tree=sweep_1:٣", "tree"),
        ("tree=sweep_1:x", "tree"),
        ("tree=r1&columns=name,tags.%00", "columns"),
        ("after=%00", "after"),
    ],
)
def test_an_invalid_value_is_reported_with_its_parameter(query, field):
    with pytest.raises(InvalidValue) as caught:
        ViewSpec.from_query(query)
    assert caught.value.details["field"] == field


@pytest.mark.parametrize("name", ["sort", "columns"])
def test_an_unknown_column_is_reported_without_filter_wording(name):
    with pytest.raises(InvalidValue) as caught:
        ViewSpec.from_query(f"{name}=statsu")
    said = caught.value.message
    assert said.startswith(f"{name}: Unknown field 'statsu'. Try status")
    assert "To search for" not in said
    with pytest.raises(InvalidValue) as caught:
        ViewSpec.from_query(f"{name}=metrics.")
    assert "Write metrics.key" in caught.value.message
    assert "at character" not in caught.value.message


@pytest.mark.parametrize("name", ["selected", "tree", "sort", "group", "charts"])
def test_a_lone_surrogate_is_refused(name):
    with pytest.raises(InvalidValue, match=f"{name} is not valid Unicode text"):
        ViewSpec.from_json({name: "a\ud800:x"})


@pytest.mark.parametrize(
    "value",
    [[], "x", {"rows": None}, {"columns": [1]}, {"rows": 1 << 20_000}, {"colums": ""}],
)
def test_json_of_another_shape_is_refused(value):
    with pytest.raises(InvalidValue):
        ViewSpec.from_json(value)


def test_chosen_columns_differ_from_default_columns():
    default = ViewSpec().changed(columns=DEFAULT_COLUMNS)
    chosen = ViewSpec.from_query("columns=" + join_with_commas(DEFAULT_COLUMNS))
    assert (default.has_columns, chosen.has_columns) == (False, True)
    assert chosen.changed(rows=25).to_query().startswith("columns=name,tags,")
    assert not without_parameter(chosen, "columns").has_columns


def test_nondefault_columns_count_as_chosen():
    assert ViewSpec(columns=DEFAULT_COLUMNS[:1]).has_columns
