"""The `azureml` package: what it has, what it says of the rest, whom it never hides."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest

from studio.compat.missing import MODULES
from studio.sdk.client import Client
from studio.sdk.script_context import OfflineRun
from tests.sdk.user import User


def test_every_name_that_scripts_import_exists(user: User) -> None:
    user.run(
        """
        from azureml.core import (
            ComputeTarget, Environment, Experiment, Run, RunConfiguration, ScriptRun,
            ScriptRunConfig, VERSION, Workspace, get_run)
        from azureml.core.run import Run as R, _OfflineRun, get_run
        from azureml.core.authentication import (
            AzureCliAuthentication, InteractiveLoginAuthentication, MsiAuthentication,
            ServicePrincipalAuthentication)
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.core.compute_target import ComputeTargetException
        from azureml.core.conda_dependencies import CondaDependencies
        from azureml.core.environment import Environment
        from azureml.core.runconfig import (
            DEFAULT_CPU_IMAGE, MpiConfiguration, RunConfiguration)
        from azureml.exceptions import ActivityFailedException, UserErrorException
        from azureml.widgets import RunDetails
        assert R is Run
        """
    )


def test_every_listed_module_exists(user: User) -> None:
    lines = [f"import {name}" for name in MODULES]
    lines += ["import sys", f"print(all(name in sys.modules for name in {MODULES!r}))"]
    assert user.said("\n".join(lines)) == "True"


@pytest.mark.parametrize(
    ("statement", "listed"),
    [
        ("from azureml.core import Datasets", "Experiment"),
        ("from azureml.core.run import Nosuch", "get_run"),
        ("import azureml.pipelines", "azureml.core.runconfig"),
        ("from azureml.trains.hyperdrive import x", "azureml.widgets"),
        ("import azureml.core.datasets", "azureml.core.run"),
    ],
)
def test_another_name_is_an_import_error_that_lists_what_exists(
    user: User, statement: str, listed: str
) -> None:
    said = user.said(
        f"""
        try:
            {statement}
        except ImportError as error:
            print(error)
        """
    )
    assert said.startswith("Run Studio's azureml")
    assert listed in said


def test_missing_names_follow_the_protocol_of_modules(user: User) -> None:
    said = user.said(
        """
        import importlib.util, inspect, pickle
        import azureml.core, azureml.core.run, azureml.exceptions
        import numpy
        print(hasattr(azureml.core, "Datasets"), getattr(azureml.core.run, "x", None))
        print([importlib.util.find_spec(f"azureml.{name}") for name in
               ("trains", "core.datasets", "core.Datasets")])
        # To pickle it, Python looks for it in every module.
        print(pickle.loads(pickle.dumps(numpy.log1p)) is numpy.log1p)
        print(inspect.getmembers(azureml.exceptions, inspect.isfunction))
        try:
            azureml.core.Datasets
        except AttributeError as error:
            print(error)
        """
    )
    names, specs, pickled, members, missing = said.splitlines()
    assert names == "False None"
    assert specs == "[None, None, None]"
    assert pickled == "True"
    assert "AttributeError" not in members
    assert missing.startswith("Run Studio's azureml.core has no 'Datasets'. It has ")


def test_a_long_script_gets_the_same_sentence(user: User) -> None:
    """The statement is another instruction after 255 other names."""
    names = "\n".join(f"name_{number} = {number}" for number in range(300))
    done = user.run(f"{names}\nfrom azureml.core import Datasets", status=1)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: Run Studio's azureml.core has no 'Datasets'.")


def test_libraries_that_pickle_by_name_still_work(user: User) -> None:
    pytest.importorskip("sklearn")
    said = user.said(
        """
        from azureml.core import Run
        import io, joblib, numpy
        from sklearn.preprocessing import FunctionTransformer
        file = io.BytesIO()
        joblib.dump(FunctionTransformer(numpy.log1p), file)
        print(joblib.load(io.BytesIO(file.getvalue())).transform([[0.0]]))
        """
    )
    assert said == "[[0.]]"


def test_a_real_azureml_core_is_never_hidden(user: User, tmp_path: Path) -> None:
    info = tmp_path / "azureml_core-1.61.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: azureml-core\nVersion: 1.61.0\n"
    )
    path = f"{user.environment()['PYTHONPATH']}:{tmp_path}"
    done = user.run("import azureml.core", env={"PYTHONPATH": path}, status=1)
    last = done.stderr.strip().splitlines()[-1]
    assert re.match(r"ImportError: azureml-core 1\.61\.0 is installed", last)
    assert "pip uninstall azureml-core" in last


def test_the_shim_imports_neither_django_nor_heavy_libraries(user: User) -> None:
    said = user.said(
        """
        import json, sys
        import azureml.core
        heavy = {"django", "numpy", "pandas", "matplotlib", "plotly", "msgspec", "runs"}
        print(json.dumps(sorted(heavy & set(sys.modules))))
        """
    )
    assert json.loads(said) == []


def test_outside_a_run_the_context_prints_calls(user: User) -> None:
    said = user.said(
        """
        from azureml.core import Run
        run = Run.get_context()
        run.log("loss", 0.5)
        run.tag("quality", "good")
        with run.child_run() as child:
            child.log_list("l", [1, 2])
        run.complete()
        try:
            with run:
                raise SystemExit(0)
        except SystemExit:
            print(run.id)
        """,
        env={"STUDIO_URL": ""},
    )
    lines = said.splitlines()
    assert "failed" not in said
    assert lines[:2] == ["Attempted to log scalar metric loss:", "0.5"]
    assert lines[2:4] == ["Attempted to add tag quality:", "good"]
    assert lines[-1].startswith("OfflineRun_")


def test_an_offline_run_explains_missing_features() -> None:
    run = OfflineRun()
    with pytest.raises(AttributeError, match=r"get_metrics.*start_logging\(\)"):
        run.get_metrics()
    assert not hasattr(run, "_repr_html_")
    assert copy.copy(run).id == run.id


@pytest.mark.parametrize("variable", ["STUDIO_RUN_ID", "AZUREML_RUN_ID"])
def test_inside_a_run_the_context_is_that_run(user: User, variable: str) -> None:
    client = Client(user.server.url, user.server.token, "default")
    body = {"experiment": "context", "status": "Running"}
    run_id = client.post("runs", body)["id"]
    said = user.said(
        """
        from azureml.core import Run
        with Run.get_context(allow_offline=False) as run:
            run.log("loss", 0.5)
            print(run.id, run.experiment.name, run.parent)
            run.cancel()
        print(run.get_status(), run.get_metrics(), run.input_datasets)
        """,
        env={variable: run_id},
    )
    first, second = said.splitlines()
    assert first == f"{run_id} context None"
    assert second == "Running {'loss': 0.5} {}"


def test_run_details_print_text_without_a_notebook(user: User) -> None:
    said = user.said(
        """
        from azureml.core import Experiment, Workspace
        from azureml.widgets import RunDetails
        exp = Experiment(Workspace.from_config(), "widget")
        with exp.start_logging(snapshot_directory=None) as run:
            run.log("loss<b>", 0.5)
            run.tag("<i>", "x")
            with run.child_run() as child:
                pass
            run.flush()
            RunDetails(run).show()
        print(RunDetails(run).get_html())
        """
    )
    assert "Run(Experiment: widget," in said
    html = said[said.index("<table") :]
    for word in ("Completed", "loss&lt;b&gt;", "&lt;i&gt;: x", "Child run", "<pre "):
        assert word in html
    assert "<i>" not in html
