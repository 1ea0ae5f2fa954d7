"""The examples of the documents do what they say."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.parts.clients import ROOT, quiet_environment
from tests.parts.needs import missing
from tests.parts.server import Server
from tests.parts.wire import Connection


def blocks(page: str, kind: str) -> list[str]:
    text = (ROOT / page).read_text()
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def test_the_readmes_script_logs_a_run_with_its_model(
    server: Server, tmp_path: Path
) -> None:
    script = tmp_path / "digits.py"
    [text] = [one for one in blocks("README.md", "python") if "import mlflow" in one]
    script.write_text(text)
    subprocess.run(
        [sys.executable, script],
        env={**quiet_environment(), **server.environment},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=300,
    )
    found = Connection(server).rest(
        "GET", "/runs?q=params.max_iter:2000&columns=metrics.training_score"
    )
    [row] = found["runs"]
    assert row["run"]["experiment"] == "digits"
    assert row["run"]["status"] == "Completed"
    assert row["values"]["metrics.training_score"] > 0.9


def test_the_shell_example_logs_a_run_by_rest(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl", "Install it: apt-get install curl")
    script = "".join(blocks("docs/user/rest.md", "sh"))
    script = script.replace('eval "$(studio env)"\n', "")
    done = subprocess.run(
        ["sh", "-eu", "-c", script.replace("curl ", "curl -sfS ")],
        env={**quiet_environment(), **server.environment, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    run = "/runs/sweep_3"
    connection = Connection(server)
    seen = connection.rest("GET", run)
    assert (seen["experiment"], seen["status"]) == ("digits", "Completed")
    assert connection.rest("GET", f"{run}/params") == {"params": {"lr": "0.1"}}
    [loss] = connection.rest("GET", f"{run}/metrics")["metrics"]
    assert loss["last"] == 0.5
    path = f"/api/v1/workspaces/default{run}/files/out/model.bin"
    assert connection.ask("GET", path) == b"weights"
    assert '"metrics.loss":0.5' in done.stdout
    assert "+filter: created >= -7d" in done.stdout
