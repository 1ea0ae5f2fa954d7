"""runs/search and experiments/search: MLflow's filters, order and pages."""

import pytest

from runs.models import Run
from tests.api.protocol import Mlflow, member


@pytest.fixture
def named(mlflow: Mlflow) -> dict[str, str]:
    """Four runs by name, a to d, started at 1 to 4: id -> name."""
    runs = {}
    for start, (name, score) in enumerate(
        [("a", 1), ("b", "NaN"), ("c", 3), ("d", None)], start=1
    ):
        run_id = mlflow.new_run(run_name=name, start_time=start, user_id="u")
        runs[run_id] = name
        if score is not None:
            mlflow.log(run_id, "score", score)
        if name in "ab":
            mlflow.post(
                "runs/log-parameter", run_id=run_id, key="lr", value=f"0.{start}"
            )
            mlflow.post("runs/set-tag", run_id=run_id, key="team", value=name.upper())
    return runs


def found(mlflow: Mlflow, named: dict[str, str], text: str = "", **more: object) -> str:
    """The names of the runs that fit, in order, as one word."""
    return "".join(named[run_id] for run_id in mlflow.search(text, **more))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "dcba"),
        ("metrics.score > 0", "ca"),
        ("metrics.score != 1", "cb"),
        ("metrics.score = 1", "a"),
        ("params.lr = '0.1'", "a"),
        ("params.lr != '0.1'", "b"),
        ("params.lr LIKE '0._'", "ba"),
        ("params.lr IS NULL", "dc"),
        ("params.lr IS NOT NULL AND tags.team = 'B'", "b"),
        ("tags.team ILIKE 'a'", "a"),
        ("tags.team LIKE 'a'", ""),
        ("tag.mlflow.runName = 'c'", "c"),
        ("tags.mlflow.runName IN ('c')", None),
        ("run_name = 'c'", "c"),
        ("attributes.run_name LIKE '%'", "dcba"),
        ("status = 'RUNNING'", "dcba"),
        ("attributes.status != 'RUNNING'", ""),
        ("start_time >= 3", "dc"),
        ("end_time > 0", ""),
        ("user_id = 'u'", "dcba"),
        ("dataset.name = 'none'", ""),
        ("tags.`team` = 'A'", "a"),
        ('tags."team" = "A"', "a"),
    ],
)
def test_filters_match_as_in_mlflow(
    mlflow: Mlflow, named: dict[str, str], text: str, names: str | None
) -> None:
    if names is None:
        body = {"experiment_ids": ["0"], "filter": text}
        assert mlflow.refused("runs/search", **body).status == 400
    else:
        assert found(mlflow, named, text) == names


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (["metrics.score"], "acbd"),
        (["metrics.score DESC"], "cabd"),
        (["params.lr DESC"], "badc"),
        (["params.lr"], "abdc"),
        (["tags.team DESC", "start_time"], "bacd"),
        (["run_name ASC"], "abcd"),
        (["attributes.start_time ASC"], "abcd"),
        (["status", "run_name"], "abcd"),
        (["end_time DESC"], "dcba"),
        (["tags.`mlflow.runName` DESC"], "dcba"),
    ],
)
def test_runs_are_sorted_as_in_mlflow(
    mlflow: Mlflow, named: dict[str, str], order: list[str], names: str
) -> None:
    assert found(mlflow, named, order_by=order) == names


def test_statuses_sort_by_their_mlflow_names(
    mlflow: Mlflow, named: dict[str, str]
) -> None:
    by_name = {name: run_id for run_id, name in named.items()}
    mlflow.post("runs/update", run_id=by_name["c"], status="FAILED")
    mlflow.post("runs/update", run_id=by_name["d"], status="KILLED")
    assert found(mlflow, named, order_by=["status ASC"]) == "cdba"
    assert found(mlflow, named, "status = 'FAILED'") == "c"


def test_an_artifact_uri_is_searchable(mlflow: Mlflow, named: dict[str, str]) -> None:
    run_id = next(iter(named))
    uri = mlflow.run(run_id)["info"]["artifact_uri"]
    assert mlflow.search(f"artifact_uri = '{uri}'") == [run_id]
    ids = sorted(named)
    assert mlflow.search(order_by=["artifact_uri"]) == ids


def test_runs_are_found_by_a_list_of_ids(mlflow: Mlflow, named: dict[str, str]) -> None:
    first, second, *_ = named
    assert set(mlflow.search(f"run_id IN ('{first}', '{second}')")) == {first, second}


def test_the_parent_can_be_searched_as_a_tag(mlflow: Mlflow) -> None:
    parent = mlflow.new_run()
    tag = {"key": "mlflow.parentRunId", "value": parent}
    child = mlflow.new_run(tags=[tag])
    assert mlflow.search(f"tags.mlflow.parentRunId = '{parent}'") == [child]
    assert mlflow.search("tags.mlflow.parentRunId IS NULL") == [parent]


def test_a_rename_on_the_page_is_found_by_mlflow_filters(
    mlflow: Mlflow, named: dict[str, str]
) -> None:
    Run.objects.filter(name="a").update(name="z")
    assert len(mlflow.search("tags.mlflow.runName = 'z'")) == 1
    assert mlflow.search("tags.mlflow.runName = 'a'") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metrics.a > 1 OR", "it ends too early"),
        ("m > 1", "Invalid attribute key 'm' specified"),
        ("bogus.x = '1'", "Invalid entity type 'bogus'"),
        ("metrics.a > 'x'", "Expected numeric value type for metric"),
        ("params.a = 1", "Expected a quoted string value for parameter"),
        ("params.a > '1'", "Invalid comparator '>'"),
        ("metrics.a >", "Invalid clause"),
        ("a" * 20_000, "too long"),
    ],
)
def test_an_invalid_filter_is_refused_with_the_messages_of_mlflow(
    mlflow: Mlflow, text: str, said: str
) -> None:
    refused = mlflow.refused("runs/search", experiment_ids=["0"], filter=text)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert said in refused.message


@pytest.mark.parametrize(
    "body",
    [
        {"order_by": ["start_time DESC", "start_time"]},
        {"order_by": ["dataset.name"]},
        {"order_by": ["run_name SIDEWAYS"]},
        {"run_view_type": "FOO"},
        {"max_results": 0},
        {"max_results": 50_001},
        {"max_results": "x"},
        {"page_token": "x"},
        {"page_token": "LTU="},
        {"experiment_ids": ["x"]},
        {"experiment_ids": "0"},
        {"filter": 5},
    ],
)
def test_a_bad_search_is_refused(mlflow: Mlflow, body: dict[str, object]) -> None:
    refused = mlflow.refused("runs/search", **{"experiment_ids": ["0"], **body})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_pages_continue_without_gaps(mlflow: Mlflow, named: dict[str, str]) -> None:
    body = {"experiment_ids": ["0"], "max_results": 3, "order_by": ["run_name"]}
    first = mlflow.post("runs/search", **body)
    token = first["next_page_token"]
    second = mlflow.post("runs/search", **body, page_token=token)
    names = [run["info"]["run_name"] for run in first["runs"] + second["runs"]]
    assert (names, "next_page_token" in second) == (list("abcd"), False)


def test_deleted_runs_are_found_on_request(
    mlflow: Mlflow, named: dict[str, str]
) -> None:
    first = next(iter(named))
    mlflow.post("runs/delete", run_id=first)
    assert found(mlflow, named) == "dcb"
    assert found(mlflow, named, run_view_type="DELETED_ONLY") == "a"
    assert found(mlflow, named, run_view_type=3) == "dcba"


def test_without_experiments_nothing_is_found(
    mlflow: Mlflow, named: dict[str, str]
) -> None:
    assert mlflow.post("runs/search", filter="") == {}
    assert mlflow.post("runs/search", experiment_ids=["99"]) == {}


def test_other_workspaces_are_not_searched(
    mlflow: Mlflow, named: dict[str, str]
) -> None:
    assert member("elsewhere").search() == []


def test_a_page_costs_a_fixed_number_of_queries(
    mlflow: Mlflow, named: dict[str, str], django_assert_max_num_queries: object
) -> None:
    for _ in range(10):
        run_id = mlflow.new_run()
        mlflow.log(run_id, "score", 1)
    # On PostgreSQL some of them set the time limit and lift it again.
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        assert len(mlflow.search("metrics.score > 0")) == 12


@pytest.fixture
def experiments(mlflow: Mlflow) -> None:
    for name in ("alpha", "beta", "Gamma"):
        mlflow.new_experiment(name, tags=[{"key": "team", "value": name[0]}])
    mlflow.post("experiments/delete", experiment_id="2")


def experiment_names(mlflow: Mlflow, **body: object) -> list[str]:
    found = mlflow.post("experiments/search", **{"max_results": 100, **body})
    return [one["name"] for one in found.get("experiments", [])]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Gamma", "alpha", "Default"]),
        ("name = 'alpha'", ["alpha"]),
        ("name != 'alpha'", ["Gamma", "Default"]),
        ("name LIKE 'g%'", []),
        ("attribute.name ILIKE 'g%'", ["Gamma"]),
        ("tags.team = 'a'", ["alpha"]),
        ("tag.team != 'a'", ["Gamma"]),
        ("tags.team IS NULL", ["Default"]),
        ("experiment_id IN ('1', '2')", ["alpha"]),
        ("creation_time > 0 AND last_update_time > 0", ["Gamma", "alpha", "Default"]),
    ],
)
def test_experiments_are_found(
    mlflow: Mlflow, experiments: None, text: str, names: list[str]
) -> None:
    assert experiment_names(mlflow, filter=text) == names


def test_experiments_are_ordered_paged_and_found_when_deleted(
    mlflow: Mlflow, experiments: None
) -> None:
    deleted = experiment_names(mlflow, view_type="DELETED_ONLY")
    assert deleted == ["beta"]
    every = experiment_names(mlflow, view_type="ALL", order_by=["experiment_id ASC"])
    assert every == ["Default", "alpha", "beta", "Gamma"]
    page = mlflow.get("experiments/search", max_results=2, order_by=["name DESC"])
    assert [one["name"] for one in page["experiments"]] == ["alpha", "Gamma"]
    rest = {"page_token": page["next_page_token"], "order_by": ["name DESC"]}
    assert experiment_names(mlflow, **rest) == ["Default"]


@pytest.mark.parametrize(
    "body",
    [
        {"max_results": None},
        {"max_results": 50_001},
        {"filter": "attributes.name = 'x'"},
        {"filter": "name > 'x'"},
        {"order_by": ["tags.x SIDEWAYS"]},
        {"view_type": "FOO"},
    ],
)
def test_a_bad_search_for_experiments_is_refused(
    mlflow: Mlflow, body: dict[str, object]
) -> None:
    refused = mlflow.refused("experiments/search", **{"max_results": 10, **body})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
