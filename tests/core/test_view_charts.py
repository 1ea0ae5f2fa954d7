"""What `charts=` says: read strictly, bounded, written in the shortest form."""

import pytest

from studio.core.errors import InvalidValue
from studio.core.filters.tree import Field, metric
from studio.core.view_charts import MAX_CHARTS, MAX_RUNS, read_chart, read_charts
from studio.core.view_spec import parse_tolerant


@pytest.mark.parametrize(
    "text",
    [
        "line!metrics.loss",
        'line!metrics.loss!metrics."a!b,c"!x=relative!smooth=0.6!log=y!range=0~1!xrange=5~',
        'line!metrics.loss!x=metrics."val/=acc"!legend=0!runs=50',
        "line!metrics.loss!group=-params.seed!group=-params.fold!band=minmax",
        "scatter!params.lr!metrics.acc.max!duration!log=x!range=~0.5",
        "bar!metrics.acc!group=tags.model!band=none",
        "histogram!metrics.acc!bins=20",
        "parallel!params.lr!params.opt!metrics.acc",
        "line!metrics.a" + "".join(f"!group=params.p{n}" for n in range(8)),
    ],
)
def test_a_chart_round_trips_through_text(text: str) -> None:
    chart = read_chart(text)
    assert read_chart(str(chart)) == chart
    assert str(read_chart(str(chart))) == str(chart)


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("line!metrics.a!x=step!smooth=0!band=std", "line!metrics.a"),
        ("line!metrics.a!smooth=.50!log=y", "line!metrics.a!smooth=0.5!log=y"),
        ("line!metrics.a!metrics.a!runs=10", "line!metrics.a"),
        ("bar!metrics.a!x=time!smooth=0.5", "bar!metrics.a"),
        ("line!metrics.a!smooth=0.1!smooth=0.2", "line!metrics.a!smooth=0.2"),
        ("line!metrics.a!range=~", "line!metrics.a"),
        ("line!metrics.a!xrange=1~!x=time", "line!metrics.a!x=time"),
        ("bar!metrics.a!xrange=1~", "bar!metrics.a"),
        ("line!metrics.a!runs=1", "line!metrics.a!runs=1"),
        (f"line!metrics.a!runs=0{MAX_RUNS}", f"line!metrics.a!runs={MAX_RUNS}"),
        ("histogram!metrics.a!bins=000020", "histogram!metrics.a!bins=20"),
    ],
)
def test_constant_fields_are_left_out(text: str, shortest: str) -> None:
    assert str(read_chart(text)) == shortest


@pytest.mark.parametrize(
    "text",
    [
        "line",
        "pie!metrics.a",
        "line!params.lr",
        "scatter!metrics.a",
        "histogram!metrics.a!metrics.b",
        "line!metrics.a!colour=red",
        "line!metrics.a!x=params.lr",
        "line!metrics.a!smooth=1",
        "line!metrics.a!smooth=nan",
        "line!metrics.a!log=z",
        "line!metrics.a!range=1~0",
        "line!metrics.a!range=1",
        "line!metrics.a!range=inf~",
        "line!metrics.a!runs=501",
        "line!metrics.a!runs=0",
        "histogram!metrics.a!bins=٣",
        "line!metrics.a!band=wide!group=params.a",
        "line!metrics.a!group=-tags.a",
        "line!metrics.a!group=params.a!group=-params.b",
        "line!" + "!".join(f"metrics.m{n}" for n in range(9)),
        "line!metrics.a!" + "!".join(f"group=params.p{n}" for n in range(9)),
    ],
)
def test_a_chart_that_cannot_be_drawn_names_its_parameter(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read_chart(text)
    assert caught.value.details["field"] == "charts"


def test_a_page_has_a_limited_number_of_charts() -> None:
    text = ",".join(f"line!metrics.m{n}" for n in range(MAX_CHARTS + 1))
    with pytest.raises(InvalidValue):
        read_charts(text)
    spec, complaints = parse_tolerant({"charts": text, "q": "a"})
    assert spec.charts == ()
    assert [each.name for each in complaints] == ["charts"]


def test_one_invalid_chart_keeps_the_others() -> None:
    spec, complaints = parse_tolerant({"charts": "line!metrics.a,pie!x,bar!metrics.b"})
    assert [chart.kind for chart in spec.charts] == ["line", "bar"]
    assert len(complaints) == 1


def test_options_are_compared_by_meaning() -> None:
    chart = read_chart("line!metrics.a!x=metrics.epoch!range=~2!group=-params.seed")
    assert chart.x_metric == metric("epoch")
    assert chart.axis == ""
    assert chart.y_range == (None, 2.0)
    assert chart.all_but
    assert chart.groups == (Field("params", "seed"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("histogram!metrics.a!metrics.b", "charts: a histogram chart needs 1 field"),
        ("scatter!metrics.a", "charts: a scatter chart needs 2 to 3 fields"),
        ("line!params.lr", "charts: a line chart shows metrics only"),
    ],
)
def test_the_error_names_how_many_fields_a_chart_needs(text: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=f"^{said}$"):
        read_chart(text)


@pytest.mark.parametrize(
    ("options", "axes"),
    [
        ("", (False, False, "step", None)),
        ("!log=x", (True, False, "step", None)),
        ("!log=y", (False, True, "step", None)),
        ("!log=xy!x=time", (True, True, "time", None)),
        ("!x=metrics.a", (False, False, "", metric("a"))),
    ],
)
def test_the_options_set_the_axes(options: str, axes: tuple[object, ...]) -> None:
    chart = read_chart(f"line!metrics.loss{options}")
    assert (chart.log_x, chart.log_y, chart.axis, chart.x_metric) == axes


def test_a_range_has_one_end_or_two() -> None:
    chart = read_chart("line!metrics.loss!range=0~1.5!xrange=~0!smooth=0.5")
    assert (chart.y_range, chart.x_range) == ((0.0, 1.5), (None, 0.0))
    assert chart.smoothing == 0.5
    chart = read_chart("line!metrics.loss!xrange=5~")
    assert (chart.y_range, chart.x_range) == ((None, None), (5.0, None))
    assert chart.smoothing == 0
