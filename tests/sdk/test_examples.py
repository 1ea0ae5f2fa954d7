"""What strangers copy: the README's script, the demonstration, figures, everything."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio.sdk.client import Client
from tests.cli.command import STUDIO
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import client_environment, kill_tree, wait_ready
from tests.runner.job_folders import is_running
from tests.sdk.user import User


def test_the_readme_script_logs_a_run(user: User) -> None:
    text = (ROOT / "README.md").read_text()
    scripts = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [script] = [one for one in scripts if "azureml" in one]
    script = script.replace("time.sleep(0.1)", "time.sleep(0)")
    said = user.said(script + 'print(run.get_metrics("squares"))\n')
    address, done, metrics = said.splitlines()
    assert done == "Done."
    assert re.fullmatch(r"http://\S+/runs/\S+", address)
    assert metrics == "{'squares': {'n': [1, 2, 3], 'square': [1, 4, 9]}}"


def test_the_readme_program_is_tracked_and_submitted(user: User) -> None:
    text = (ROOT / "README.md").read_text()
    scripts = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [script] = [one for one in scripts if "import" not in one]
    folder = user.folder / "readme"
    folder.mkdir()
    (folder / "train.py").write_text(script)
    for line in (
        "studio run python train.py",
        "studio run submit-script -e first-steps train.py",
    ):
        assert f"\n```sh\n{line}\n```\n" in text
        done = subprocess.run(
            [*STUDIO, *line.split()[1:]],
            env=user.environment(),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "epoch 2: loss 0.333\n" in done.stdout


def test_the_script_in_the_docs_logs_a_run(user: User) -> None:
    text = (ROOT / "docs/user/sdk.md").read_text()
    script = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    said = user.said(script + "print(run.get_file_names())")
    assert said == "['system_logs/environment.json', 'outputs/notes.txt']"


def test_figures_are_plotly_figures(user: User) -> None:
    said = user.said(
        """
        import json
        from azureml.core import Experiment, Workspace
        exp = Experiment(Workspace.from_config(), "figures")
        for number in range(3):
            with exp.start_logging(snapshot_directory=None, outputs=False) as run:
                for step in range(5):
                    run.log("loss", number + step / 10, step=step)
                run.log("text", "no number")
        figures = [run.figure("loss"), run.figure(), exp.figure("loss")]
        print(json.dumps([[list(t.x) + list(t.y) for t in f.data] for f in figures]))
        try:
            run.figure("nosuch")
        except Exception as error:
            print(error)
        """
    )
    first, every, experiment = json.loads(said.splitlines()[0])
    assert first == every == [[0, 1, 2, 3, 4, 2.0, 2.1, 2.2, 2.3, 2.4]]
    assert len(experiment) == 3
    assert "has no metric 'nosuch'; it has loss, text" in said


MATRIX = {
    "schema_type": "confusion_matrix",
    "schema_version": "1.0.0",
    "data": {"class_labels": ["a", "b"], "matrix": [[1, 2], [3, 4]]},
}


def test_documents_are_files_and_round_trip(user: User) -> None:
    said = user.said(
        f"""
        import json
        from azureml.core import Experiment, Workspace
        exp = Experiment(Workspace.from_config(), "documents")
        with exp.start_logging(snapshot_directory=None, outputs=False) as run:
            value = json.loads({json.dumps(MATRIX)!r})
            run.log_confusion_matrix("cm", value)
            run.log_confusion_matrix("cm", json.dumps(value))
            run.log_residuals("res", {{"data": {{"bin_edges": [0, float("nan")]}}}})
            run.log_row("row", a=float("inf"), b=None, c="x", d=True)
            run.log_list("empty", [])
            run.log_list("one", [7])
            run.log_list("mixed", [1, 2.5])
            run.log("values", float("nan"))
        metrics = run.get_metrics()
        full = run.get_metrics(populate=True)
        print(json.dumps([metrics, full, run.get_file_names()]))
        """
    )
    metrics, full, files = json.loads(said)
    assert [address.rpartition("/")[2] for address in metrics["cm"]] == ["cm", "cm_2"]
    assert full["cm"] == [MATRIX, MATRIX]
    assert str(full["res"]["data"]["bin_edges"]) == "[0, nan]"
    assert metrics["row"] == {"a": float("inf"), "b": None, "c": "x", "d": True}
    assert (metrics["one"], metrics["mixed"]) == (7, [1.0, 2.5])
    assert "empty" not in metrics
    assert str(metrics["values"]) == "nan"
    assert {"cm", "cm_2", "res"} <= set(files)


@pytest.fixture
def demo(tmp_path: Path) -> Any:
    """A server that was started with `--demo`."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "studio", "--port", "0", "--demo"],
        env={**quiet_environment(), "STUDIO_HOME": str(tmp_path)},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, link = wait_ready(process, 120)
        assert link is not None, said
        yield process, client_environment(tmp_path)
    finally:
        if process.poll() is None:
            kill_tree(process)


def test_the_demo_trains_and_stops_with_the_server(demo: Any) -> None:
    process, environment = demo
    names = ("STUDIO_URL", "STUDIO_TOKEN", "STUDIO_WORKSPACE")
    client = Client(*(environment[name] for name in names))
    sweep = until(client, q="children.completed > 0")
    trial = until(client, parent=sweep["id"], q="status:completed")
    assert trial["target"] == "demo"
    [view] = client.get("views")["views"]
    assert (view["name"], view["shared"]) == ("Digits sweep", True)
    metrics = client.get(f"runs/{trial['id']}/metrics")["metrics"]
    kinds = {one["key"]: one["kind"] for one in metrics}
    assert kinds["accuracy"] == "series"
    assert kinds["confusion"] == "confusion_matrix"
    assert kinds["recall"] == "table"
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not [one.pid for one in below if is_running(one.pid)]


def until(client: Client, **query: Any) -> Any:
    """The first run that the query finds, once it finds one."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        found = client.get("runs", **query)["runs"]
        if found:
            return found[0]["run"]
        time.sleep(0.3)
    raise AssertionError(f"No run came of {query}")
