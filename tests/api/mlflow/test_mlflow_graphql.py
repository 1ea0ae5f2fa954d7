"""GraphQL of MLflow's pages."""

import json
from time import process_time
from typing import Any

import pytest
from django.test import Client

from tests.api.protocol import Mlflow, member, reply

RUN_QUERY = """
query GetRun($data: MlflowGetRunInput!) @component(name: "Tracking") {
  mlflowGetRun(input: $data) {
    apiError { code helpUrl message __typename }
    run {
      info { runName startTime endTime status experimentId ...Stage __typename }
      experiment { name tags { key value } creationTime }
      data { metrics { key value step timestamp } params { key value } tags { key } }
      inputs { datasetInputs { dataset { name digest } tags { key value } } }
      outputs { modelOutputs { modelId step } }
    }
  }
}
fragment Stage on MlflowRunInfo { stage: lifecycleStage }  # the end
"""


def ask(mlflow: Mlflow, query: str, /, **more: object) -> Any:
    body = {"query": query, **more}
    url = f"/w/{mlflow.workspace.name}/graphql"
    return reply(mlflow.client.post(url, body, content_type="application/json"))


def data(mlflow: Mlflow, query: str, /, **more: object) -> Any:
    """The data of a query without errors."""
    found = ask(mlflow, query, **more)
    assert found["errors"] is None
    return found["data"]


def errors(mlflow: Mlflow, query: str, /, **more: object) -> str:
    found = ask(mlflow, query, **more)
    assert found["data"] is None or set(found["data"].values()) == {None}
    return "; ".join(found["errors"])


def test_a_run_is_read_with_its_experiment_and_data(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run(run_name="r", start_time=5)
    mlflow.log(run_id, "loss", 0.5, 3)
    mlflow.log(run_id, "bad", "NaN")
    found = data(
        mlflow, RUN_QUERY, operationName="GetRun", variables={"data": {"runId": run_id}}
    )["mlflowGetRun"]
    assert (found["apiError"], found["run"]["info"]) == (
        None,
        {
            "runName": "r",
            "startTime": "5",
            "endTime": None,
            "status": "RUNNING",
            "experimentId": "0",
            "stage": "active",
            "__typename": "MlflowRunInfo",
        },
    )
    run = found["run"]
    assert (run["experiment"]["name"], run["experiment"]["tags"]) == ("Default", [])
    assert {one["key"]: one["value"] for one in run["data"]["metrics"]} == {
        "loss": 0.5,
        "bad": None,
    }
    assert run["data"]["metrics"][-1]["timestamp"].isdigit()
    assert (run["data"]["params"], run["inputs"]) == ([], {"datasetInputs": []})


def test_a_query_without_a_name_and_variables_works_by_get(mlflow: Mlflow) -> None:
    query = (
        '{ mlflowGetExperiment(input: {experimentId: "0"}) { experiment { name } } }'
    )
    url = f"/w/{mlflow.workspace.name}/graphql"
    found = reply(mlflow.client.get(url, {"query": query}))
    assert found["data"]["mlflowGetExperiment"]["experiment"]["name"] == "Default"


def test_a_search_of_runs_reads_experiments_with_few_queries(
    mlflow: Mlflow, django_assert_max_num_queries: Any
) -> None:
    query = """mutation S($data: MlflowSearchRunsInput!) {
      mlflowSearchRuns(input: $data) {
        runs { experiment { name } info { runName } } nextPageToken } }"""
    numbers = [mlflow.new_experiment(name) for name in ("a", "b", "c")]
    for number in numbers:
        mlflow.new_run(number, run_name=f"r{number}")
    given = {"experimentIds": numbers, "maxResults": 2, "orderBy": ["run_name"]}
    with django_assert_max_num_queries(20):
        found = data(mlflow, query, variables={"data": given})["mlflowSearchRuns"]
    assert [run["experiment"]["name"] for run in found["runs"]] == ["a", "b"]
    assert found["nextPageToken"]


def test_files_histories_and_datasets_are_read(mlflow: Mlflow, files_dir: Any) -> None:
    run_id = mlflow.new_run()
    mlflow.put(f"/0/{run_id}/artifacts/d/a.txt", b"abc")
    mlflow.log(run_id, "m", 1.5, 2)
    found = data(
        mlflow,
        """query ($run: String!, $folder: String = "d", $none: Boolean!) {
          mlflowListArtifacts(input: {runId: $run, path: $folder}) {
            files { path isDir fileSize } rootUri @skip(if: true) }
          mlflowGetMetricHistoryBulkInterval(
            input: {runIds: [$run], metricKey: "m", maxResults: 20}
          ) { metrics { runId value step timestamp @include(if: $none) } }
        }""",
        variables={"run": run_id, "none": False},
    )
    assert found == {
        "mlflowListArtifacts": {
            "files": [{"path": "d/a.txt", "isDir": False, "fileSize": "3"}]
        },
        "mlflowGetMetricHistoryBulkInterval": {
            "metrics": [{"runId": run_id, "value": 1.5, "step": "2"}]
        },
    }
    summaries = data(
        mlflow,
        'mutation { mlflowSearchDatasets(input: {experimentIds: ["0"]}) '
        "{ datasetSummaries { name } } }",
    )
    assert summaries == {"mlflowSearchDatasets": {"datasetSummaries": []}}


def root(fields: str) -> str:
    return '{ mlflowGetExperiment(input: {experimentId: "0"}) { ' + fields + " } }"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Unexpected <EOF>"),
        ("{", "found <EOF>"),
        ("{ a b", "found <EOF>"),
        ('{ a(b: "x) }', "Unterminated string"),
        ("{ a(b: 01) }", "Invalid number"),
        ("{ ? }", "Unexpected character"),
        ("type Query { a: String }", "Must provide operation name"),
        ("{ mlflowNothing }", "Cannot query field 'mlflowNothing' on type 'Query'"),
        ("mutation { mlflowGetRun { run { info { runId } } } }", "on type 'Mutation'"),
        (root("experiment"), "must have selected subfields"),
        (root("experiment { name { a } }"), "has no subfields"),
        (root("experiment { name } ...Nothing"), "Unknown fragment 'Nothing'"),
        (root("... on MlflowRun { info }"), "can't be spread on"),
        (root("experiment { name @bogus }"), "Unknown directive '@bogus'"),
        (root("experiment { name: name name: experimentId }"), "conflict"),
        (
            '{ mlflowGetRun(input: "a") { __typename } mlflowGetRun { __typename } }',
            "conflict",
        ),
        ("{ __schema { types { name } } }", "Cannot query field '__schema'"),
        ("subscription { a }", "A query or a mutation is expected"),
        ("query A { a } query B { b }", "Must provide operation name"),
        (
            '{ mlflowGetRun(input: "x") { run { info { runId } } } }',
            "must be an object",
        ),
        (
            "{ mlflowGetRun(input: $x) { run { info { runId } } } }",
            "'$x' is not defined",
        ),
        (
            '{ mlflowGetRun(input: {runId: "none"}) { run { info { runId } } } }',
            "not found",
        ),
        ("{ mlflowGetRun(input: {runId: 5}) { run { info { runId } } } }", "'run_id'"),
    ],
)
def test_a_bad_query_is_refused(mlflow: Mlflow, query: str, said: str) -> None:
    assert said in errors(mlflow, query)


BOMB = "".join(
    f"fragment F{n} on MlflowExperiment {{ {f'...F{n + 1} ' * 8} }}" for n in range(5)
)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (root("... { " * 10 + "apiError { code }" + "}" * 10), "maximum depth"),
        ("{ a" * 5000 + "}" * 5000, "nested too deeply"),
        ("{ a(b: " + "[" * 5000 + ")}", "nested too deeply"),
        (
            root("...F") + "fragment F on MlflowGetExperimentResponse { ...F }",
            "maximum depth",
        ),
        (
            root("experiment { ...F0 }")
            + BOMB
            + "fragment F5 on MlflowExperiment { name }",
            "maximum total selections",
        ),
        (root("experiment { " + "name " * 1001 + "}"), "maximum total selections"),
        (
            root("experiment { " + "".join(f"a{n}: name " for n in range(11)) + "}"),
            "at most 10 aliases",
        ),
        (
            "{ __typename mlflowGetRun { __typename } "
            + "".join(f"a{n}: __typename " for n in range(9))
            + "}",
            "at most 10 root fields",
        ),
        ("#" * 40_000, "more than 32768 code points"),
    ],
)
def test_a_query_that_costs_too_much_is_refused(
    mlflow: Mlflow, query: str, said: str
) -> None:
    assert said in errors(mlflow, query)


def test_an_experiment_is_that_of_the_run_s_own_workspace(mlflow: Mlflow) -> None:
    query = """query ($run: String) {
      mlflowGetRun(input: {runId: $run}) { run { experiment { name } } } }"""
    for one, name in ((mlflow, "ours"), (member("elsewhere"), "theirs")):
        one.new_experiment(name)
    run_id = mlflow.new_run("1")
    run = data(mlflow, query, variables={"run": run_id})["mlflowGetRun"]["run"]
    assert run["experiment"]["name"] == "ours"


@pytest.mark.parametrize("name", ["runId", "unknown"])
def test_a_repeated_variable_is_not_copied(mlflow: Mlflow, name: str) -> None:
    """3000 uses of 20,000 numbers: copied or printed whole, they take ten seconds."""
    uses = "$x " * 3000
    query = (
        f"{{ mlflowGetRun(input: {{{name}: [{uses}]}}) {{ run {{ __typename }} }} }}"
    )
    start = process_time()
    assert "'run_id'" in errors(mlflow, query, variables={"x": [1] * 20_000})
    assert process_time() - start < 2


def test_a_field_can_be_selected_twice(mlflow: Mlflow) -> None:
    field = 'mlflowGetExperiment(input: {experimentId: "0"}) { experiment { %s } }'
    found = data(mlflow, f"{{ {field % 'name'} {field % 'experimentId'} }}")
    experiment = found["mlflowGetExperiment"]["experiment"]
    assert experiment == {"name": "Default", "experimentId": "0"}


def test_null_is_an_absent_field_of_an_input(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    query = """query ($none: String, $run: Input, $default: Input = {path: null}) {
      a: mlflowListArtifacts(input: {runId: "RUN", path: null}) { rootUri }
      b: mlflowListArtifacts(input: {runId: "RUN", path: $none}) { rootUri }
      c: mlflowListArtifacts(input: $run) { rootUri }
      d: mlflowGetRun(input: $default) { run { info { runId } } }
    }""".replace("RUN", run_id)
    found = ask(mlflow, query, variables={"run": {"runId": run_id, "path": None}})
    assert [bool(found["data"][key]) for key in "abcd"] == [True, True, True, False]
    assert "Missing value" in found["errors"][0]


@pytest.mark.parametrize("depth", [900, 9000])
def test_a_variable_that_is_nested_too_deeply_is_refused(
    mlflow: Mlflow, depth: int
) -> None:
    variables = '{"x": ' + "[" * depth + "]" * depth + "}"
    found = errors(mlflow, root("experiment { name }"), variables=variables)
    assert "nested too deeply" in found


def test_foreign_runs_are_not_found(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    given = {"data": {"runId": run_id}}
    assert "not found" in errors(member("elsewhere"), RUN_QUERY, variables=given)


def test_graphql_needs_credentials_and_a_form_token(mlflow: Mlflow) -> None:
    url = f"/w/{mlflow.workspace.name}/graphql"
    answer = Client().post(url, {"query": "{ a }"}, content_type="application/json")
    assert (answer.status_code, json.loads(answer.content)["error_code"]) == (
        401,
        "UNAUTHENTICATED",
    )


def registered(mlflow: Mlflow) -> str:
    """A run with a file and a version of it; returns the run's id."""
    run_id = mlflow.new_run()
    mlflow.put(f"/0/{run_id}/artifacts/m/MLmodel", b"flavors: {}")
    mlflow.post("registered-models/create", name="reg")
    source = f"runs:/{run_id}/m"
    mlflow.post("model-versions/create", name="reg", source=source, run_id=run_id)
    return run_id


def test_model_versions_are_read_by_run_and_by_search(
    mlflow: Mlflow, files_dir: Any
) -> None:
    run_id = registered(mlflow)
    fields = "{ name version status source runId aliases tags { key } }"
    found = data(
        mlflow,
        f"""query ($run: String, $filter: String) {{
          mlflowGetRun(input: {{runId: $run}}) {{ run {{ modelVersions {fields} }} }}
          mlflowSearchModelVersions(input: {{filter: $filter, maxResults: "5"}}) {{
            modelVersions {fields} }}
        }}""",
        variables={"run": run_id, "filter": f"run_id='{run_id}'"},
    )
    version = {
        "name": "reg",
        "version": "1",
        "status": "READY",
        "source": f"runs:/{run_id}/m",
        "runId": run_id,
        "aliases": [],
        "tags": [],
    }
    assert found["mlflowGetRun"]["run"]["modelVersions"] == [version]
    assert found["mlflowSearchModelVersions"]["modelVersions"] == [version]


@pytest.mark.parametrize(
    ("path", "status"),
    [("MLmodel", 200), ("./MLmodel", 200), ("none", 404), ("../a", 400), ("", 400)],
)
def test_a_file_of_a_version_is_downloaded(
    mlflow: Mlflow, files_dir: Any, path: str, status: int
) -> None:
    registered(mlflow)
    url = f"/w/{mlflow.workspace.name}/model-versions/get-artifact"
    query = {"name": "reg", "version": "1", "path": path}
    answer = mlflow.client.get(url, query)
    assert answer.status_code == status
    if status == 200:
        assert answer.getvalue() == b"flavors: {}"
        assert answer["Content-Disposition"].startswith(
            'attachment; filename="MLmodel"'
        )
