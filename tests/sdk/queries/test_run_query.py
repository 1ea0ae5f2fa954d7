"""Queries of runs: data frames of each library, rows, counts, and what is refused."""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from studio.core.errors import InvalidFilter, InvalidValue, NotSupported
from studio.sdk import Experiment, UserErrorException, Workspace, run_query
from studio.sdk.client import Client
from studio.sdk.responses import Unreachable
from tests.sdk.queries.conftest import EXPERIMENT, create_runs

COLUMNS = [
    "name",
    "params.lr",
    "params.seed",
    "params.code",
    "metrics.acc",
    "metrics.nosuch",
    "tags.team",
    "tags",
    "created",
    "duration",
    "starred",
    "children.failed",
]
LIBRARIES = ["pandas", "polars", "pyarrow"]


@pytest.fixture(scope="module")
def experiment(client: Client, workspace: Workspace) -> Experiment:
    create_runs(client, "query")
    return Experiment(workspace, EXPERIMENT)


@pytest.fixture(autouse=True)
def _two_rows_per_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_query, "PAGE_ROWS", 2)


def read_columns(frame: Any, library: str) -> dict[str, list[Any]]:
    """The columns of a data frame as lists; None or NaN for a missing value."""
    if library == "polars":
        return dict(frame.to_dict(as_series=False))
    if library == "pyarrow":
        return dict(frame.to_pydict())
    return {name: frame[name].tolist() for name in frame.columns}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_data_frame_has_typed_columns(experiment: Experiment, library: str) -> None:
    frame = experiment.runs(columns=COLUMNS, order_by="params.seed").to_dataframe(
        library
    )
    found = read_columns(frame, library)
    assert [*found] == [
        *("id", "name", "params.lr", "params.seed", "params.code"),
        *("metrics.acc", "metrics.acc (text)", *COLUMNS[5:]),
    ]
    assert found["id"] == [f"query{number}" for number in range(5)]
    assert found["params.lr"] == [1.0, 0.1, 0.01, 0.001, 0.0001]
    assert found["params.seed"] == [0, 1, 2, 3, 4]
    assert found["children.failed"] == [0] * 5
    assert found["starred"] == [False] * 5
    missing = float("nan") if library == "pandas" else None
    assert str(found["metrics.acc"]) == str([0.5, math.nan, missing, math.inf, missing])
    texts = [value for value in found["metrics.acc (text)"] if isinstance(value, str)]
    assert texts == ["oops"]
    assert found["created"][0].utcoffset() == timedelta(0)
    assert found["duration"][0] >= 0
    # Zeros in front belong to a text.
    assert found["params.code"] == ["00", "01", "02", "03", "04"]


def test_types_of_each_library(experiment: Experiment) -> None:
    query = experiment.runs(columns=COLUMNS)
    pandas = query.to_dataframe("pandas").dtypes.astype(str)
    assert pandas["params.seed"] == pandas["children.failed"] == "int64"
    assert pandas["metrics.nosuch"] == pandas["duration"] == "float64"
    assert pandas["starred"] == "bool"
    assert pandas["created"] == "datetime64[ms, UTC]"
    arrow = query.to_arrow().schema
    assert str(arrow.field("tags").type).startswith("map<string, string")
    assert str(arrow.field("created").type) == "timestamp[ms, tz=UTC]"
    polars = query.to_dataframe("polars").schema
    assert str(polars["params.lr"]) == "Float64"
    assert str(polars["tags.team"]) == "String"


def test_a_missing_parameter_is_missing_in_a_column_of_numbers(
    experiment: Experiment, client: Client
) -> None:
    client.post("runs/query0/params", {"params": {"only": "7"}})
    frame = experiment.runs(
        columns=["params.only"], order_by="params.seed"
    ).to_dataframe("pandas")
    assert str(frame["params.only"].dtype) == "Int64"
    assert frame["params.only"].isna().tolist() == [False, *([True] * 4)]


def test_rows_have_python_values(experiment: Experiment) -> None:
    rows = list(
        experiment.runs(
            "params.seed < 3", columns=[*COLUMNS, "id"], order_by="params.seed"
        ).rows()
    )
    assert [*rows[0]] == ["id", *COLUMNS]
    assert rows[1]["tags"] == {"kept": None, "team": "nlp"}
    assert rows[0]["params.lr"] == "1e-0"
    assert math.isnan(rows[1]["metrics.acc"])
    assert rows[2]["metrics.acc"] == "oops"
    assert rows[0]["metrics.nosuch"] is None
    assert isinstance(rows[0]["duration"], float)
    age = datetime.now(UTC) - rows[0]["created"]
    assert timedelta(0) <= age < timedelta(hours=1)


def test_values_that_are_no_floats_arrive_as_logged(
    experiment: Experiment, client: Client
) -> None:
    logged = [None, True, 2**60 + 1, "text"]
    for number, value in enumerate(logged):
        points = [{"key": "flag", "value": value}]
        batch = {"writer": "flags", "sequence": 0, "points": points}
        client.post(f"runs/query{number}/metrics", batch)
    query = experiment.runs(columns=["metrics.flag"], order_by="params.seed", limit=4)
    assert [row["metrics.flag"] for row in query.rows()] == logged
    table = query.to_arrow().to_pydict()
    assert table["metrics.flag"] == [None, 1.0, float(2**60 + 1), None]
    assert table["metrics.flag (text)"] == [None, None, None, "text"]


def test_iterating_yields_runs(experiment: Experiment, workspace: Workspace) -> None:
    runs = list(experiment.runs(order_by="-params.seed", limit=3))
    assert [run.id for run in runs] == ["query4", "query3", "query2"]
    assert runs[1].tags == {"kept": None, "team": "nlp"}
    assert runs[0].experiment.name == EXPERIMENT
    names = [run.id for run in workspace.runs("id like 'query%' and params.seed = 2")]
    assert names == ["query2"]


def test_limits_and_lengths(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(experiment.runs()) == 5
    for limit in (0, 1, 2, 3, 5, 6):
        query = experiment.runs(limit=limit, columns=[])
        expected = min(limit, 5)
        assert len(query) == len(query.to_dataframe()) == expected
        assert bool(query) == (limit > 0)
    assert not experiment.runs("params.seed > 9")
    # Where the server does not count exactly, all pages are counted.
    monkeypatch.setattr(run_query, "COUNT_PAGE_ROWS", 2)
    assert sum(experiment.runs()._count_pages()) == 5


def test_a_query_without_runs_has_the_columns(experiment: Experiment) -> None:
    frame = experiment.runs("params.seed > 9", columns=COLUMNS).to_dataframe()
    assert frame.shape == (0, 1 + len(COLUMNS))


def test_columns_have_the_names_as_written(
    experiment: Experiment, client: Client
) -> None:
    points = [{"key": "val/acc, top.max", "value": 1.5}]
    batch = {"writer": "w2", "sequence": 0, "points": points}
    client.post("runs/query4/metrics", batch)
    name = 'metrics."val/acc, top.max"'
    query = experiment.runs(columns=[name, "params.'seed'", "Name"], limit=1)
    frame = query.to_dataframe()
    assert [*frame.columns] == ["id", name, "params.'seed'", "Name"]
    assert frame[name].tolist() == [1.5]
    # The same field in two spellings is one column, with the server's name.
    twice = experiment.runs(columns=["params.'seed'", "params.seed"]).to_dataframe()
    assert [*twice.columns] == ["id", "params.seed"]


def test_children_are_included_on_request(
    experiment: Experiment, client: Client
) -> None:
    body = {"experiment": EXPERIMENT, "id": "query-child", "parent": "query0"}
    client.post("runs", body)
    assert len(experiment.runs()) == 5
    assert len(experiment.runs(children=True)) == 6


def test_errors_of_a_query_are_the_servers(experiment: Experiment) -> None:
    with pytest.raises(InvalidFilter, match="at character 14") as wrong:
        experiment.runs("metrics.acc >").to_dataframe()
    assert wrong.value.details["position"] == 13
    for use in (list, len, lambda query: next(query.rows())):
        with pytest.raises(InvalidFilter):
            use(experiment.runs("metrics.acc >"))
    with pytest.raises(InvalidValue, match=r"Unknown field 'nosuch'. Try tags.nosuch"):
        experiment.runs(columns=["nosuch"]).to_dataframe()
    with pytest.raises(InvalidValue, match="Unknown field 'nosuch'"):
        list(experiment.runs(order_by="nosuch"))


@pytest.mark.parametrize(
    "more",
    [
        {"columns": "metrics.acc"},
        {"columns": [1]},
        {"columns": [" "]},
        {"columns": 5},
        {"limit": -1},
        {"limit": True},
        {"limit": 1.5},
        {"order_by": None},
        {"filter": 5},
    ],
)
def test_wrong_arguments_are_refused_at_once(
    workspace: Workspace, more: dict[str, Any]
) -> None:
    with pytest.raises(UserErrorException):
        workspace.runs(**more)


def test_without_a_library_the_error_names_what_to_install(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = experiment.runs(limit=1)
    with pytest.raises(UserErrorException, match="must be one of pandas, polars"):
        query.to_dataframe("excel")
    # None makes the import fail as that of a missing module.
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert type(query.to_dataframe()).__module__.startswith("polars")
    with pytest.raises(NotSupported, match="run `pip install pandas`, or choose"):
        query.to_dataframe("pandas")
    monkeypatch.setitem(sys.modules, "polars", None)
    assert type(query.to_dataframe()).__module__.startswith("pyarrow")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        NotSupported, match=r"needs pandas, polars or pyarrow: run `pip"
    ):
        query.to_dataframe()
    assert [row["name"] for row in query.rows()] == ["run 4"]


def test_without_a_server_the_error_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = Client("http://127.0.0.1:9", "token", "default", attempts=1)
    workspace = Workspace.with_client(gone)
    with pytest.raises(Unreachable, match="cannot be reached"):
        workspace.runs().to_dataframe()
    monkeypatch.setenv("STUDIO_MODE", "offline")
    offline = Workspace.with_client(gone)
    with pytest.raises(Unreachable, match="STUDIO_MODE=offline"):
        len(offline.runs())


def test_the_repr_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Client("http://127.0.0.1:9", "token", "default", attempts=1)
    query = Workspace.with_client(gone).runs("failed", columns=["name"], limit=5)
    assert repr(query) == "RunQuery('failed', columns=['name'], limit=5)"
