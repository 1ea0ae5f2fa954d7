"""Snippets as in public v1 code, unchanged, against a live server.

One process runs them one after the other, each in its own folder.
"""

from __future__ import annotations

import json
from ast import literal_eval
from pathlib import Path

import pytest

from tests.sdk.user import User

_FOLDER = Path(__file__).with_name("snippets")
_RUN_ALL = """
import contextlib, io, json, os, runpy, sys
printed = {{}}
for path in {paths!r}:
    name = os.path.basename(path).removesuffix(".py")
    os.makedirs(name)
    with contextlib.chdir(name), contextlib.redirect_stdout(io.StringIO()) as output:
        runpy.run_path(path, run_name="__main__")
    printed[name] = output.getvalue().splitlines()
print("PRINTED" + json.dumps(printed))
"""


@pytest.fixture(scope="module")
def printed(user: User) -> dict[str, list[str]]:
    paths = sorted(map(str, _FOLDER.glob("*.py")))
    said = user.said(
        _RUN_ALL.format(paths=paths),
        env={"STUDIO_JOBS": str(user.folder / ".jobs")},
    )
    return dict(json.loads(said.rpartition("PRINTED")[2]))


def test_a_submitted_script_gets_files_of_the_datastore(
    printed: dict[str, list[str]],
) -> None:
    lines = printed["train_on_files"]
    assert "Uploaded digits/test.txt (1 of 2)" in lines
    # Metrics have no order.
    assert literal_eval(lines[-4]) == {"rows": 6, "is input": True}
    assert lines[-3:] == [
        "['outputs/model.txt', 'outputs/report/report.txt']",
        "sklearn_digits\tsklearn_digits:1\t1",
        "models/model.txt 6",
    ]


def test_an_estimator_reads_tables_from_its_inputs(
    printed: dict[str, list[str]],
) -> None:
    assert printed["train_with_estimator"] == [
        "{'mean': 38.5, 'verbose': True} {'kind': 'inference'}",
        "{'rows': 2}",
    ]


def test_the_best_run_becomes_a_model(printed: dict[str, list[str]]) -> None:
    assert printed["choose_the_best_run"] == ["best_model 1 True", "0.5"]


def test_what_does_not_exist_is_caught_as_in_v1(
    printed: dict[str, list[str]],
) -> None:
    lines = printed["find_or_create"]
    assert lines[0].startswith("Only owners can add the compute target 'cpu-cluster'.")
    assert "local Local Succeeded" in lines
    assert lines[-2] == "The dataset mnist-dataset is not registered in workspace yet."
    assert lines[-1].startswith("This script has no secret 'storage-key': set it in ")


def test_a_pipeline_says_what_to_do_instead(
    printed: dict[str, list[str]], user: User
) -> None:
    [line] = printed["pipeline"]
    assert line.startswith(
        "NotSupportedError Run Studio does not have azureml.pipeline.core.PipelineData"
    )
    assert line.endswith(f"See {user.server.url}/help/sdk/#names-of-azureml")
