"""Runs of MLflow's clients, whose scripts know nothing of the capture."""

from __future__ import annotations

import pytest

from tests.capture.captured import Script
from tests.parts.clients import VERSIONS

AUTOLOG = """
import os, sys, mlflow
from sklearn.linear_model import LogisticRegression

mlflow.set_experiment("EXPERIMENT")
mlflow.sklearn.autolog(log_models=False)
print("before")
with mlflow.start_run(run_name="outer"):
    print("outer")
    with mlflow.start_run(run_name="inner", nested=True):
        os.write(1, b"inner\\n")
    LogisticRegression().fit([[0.0], [1.0]], [0, 1])
print("between")
run = mlflow.start_run(run_name="later")
print("later")
mlflow.end_run()
with mlflow.start_run(run_id=run.info.run_id):
    print("resumed")
try:
    with mlflow.start_run(run_name="failed"):
        raise ValueError("caught")
except ValueError as error:
    # As pytest and others do with what they catch.
    sys.last_value = error
mlflow.start_run(run_name="ended after an error")
mlflow.end_run()
try:
    with mlflow.start_run(run_name="exited"):
        sys.exit(0)
except SystemExit:
    pass
mlflow.start_run(run_name="crashed")
raise KeyError("uncaught")
"""


@pytest.mark.sample(1, group="captured clients")
@pytest.mark.parametrize("version", VERSIONS)
def test_runs_of_each_client_have_their_output_and_errors(
    script: Script, version: str
) -> None:
    code, printed = script.mlflow(version, AUTOLOG.replace("EXPERIMENT", version))
    assert code == 1
    outer, inner, later, failed, ended, exited, crashed = script.runs(version)
    assert script.log(outer["id"]).startswith("outer\ninner\n"), printed
    assert script.log(inner["id"]).startswith("inner\n")
    assert script.log(later["id"]).startswith("later\n")
    assert "resumed\n" in script.log(later["id"])
    for run, error in ((failed, "ValueError: caught"), (crashed, "KeyError: 'un")):
        assert run["status"] == "Failed"
        assert run["error"].startswith("Traceback (most recent call last)")
        assert error in run["error"].splitlines()[-1]
    assert (ended["status"], exited["status"]) == ("Completed", "Completed")
    assert "before" not in script.log(outer["id"])
    assert "between" not in script.log(later["id"])


@pytest.mark.sample(1, group="captured clients")
@pytest.mark.parametrize(("code", "status"), [(0, "Completed"), (3, "Failed")])
def test_runs_that_a_script_leaves_open_end_as_it_does(
    script: Script, code: int, status: str
) -> None:
    source = f"""
import sys, mlflow
mlflow.set_experiment("recorded {code}")
mlflow.start_run()
# MLflow ends only this one when the script ends.
mlflow.start_run(nested=True)
def catch():
    try:
        1 / 0
    except ZeroDivisionError as error:
        sys.last_value = error
catch()
sys.exit({code})
"""
    assert script.mlflow(VERSIONS[-1], source)[0] == code
    run, child = script.runs(f"recorded {code}")
    assert (run["status"], child["status"]) == (status, status)
    # The first run also records what it depends on.
    properties = script.client.get(f"runs/{run['id']}/properties")["properties"]
    assert properties["studio.command"].endswith(" script.py")
    record = script.log(run["id"], "system_logs/environment.json")
    assert f"mlflow-skinny=={VERSIONS[-1]}" in record


OTHERS = {
    "switched off": {"STUDIO_CAPTURE": "0"},
    "a file store": {"MLFLOW_TRACKING_URI": "file:mlruns"},
}


@pytest.mark.sample(1, group="captured clients")
@pytest.mark.parametrize("case", OTHERS)
def test_scripts_of_other_stores_start_nothing(script: Script, case: str) -> None:
    script.variables = {**OTHERS[case], "MLFLOW_ALLOW_FILE_STORE": "true"}
    code = """
import sys, mlflow
with mlflow.start_run():
    print("x")
print("loaded:", sorted(name for name in sys.modules if name.startswith("studio")))
"""
    status, printed = script.mlflow(VERSIONS[-1], code)
    assert status == 0, printed
    assert "loaded: ['studio', 'studio.capture', 'studio.capture.plugin']" in printed
