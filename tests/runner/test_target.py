"""The server, workspace and experiment that a program's run goes to."""

from __future__ import annotations

import json

from tests.runner.launched import Shell


def test_an_attached_folder_names_the_experiment(shell: Shell) -> None:
    assert shell.studio("folder", "attach", "-w", "default", "-e", "attached")
    started = shell.start("true")
    assert started.wait() == 0
    assert started.run()["experiment"] == "attached"


def test_the_environment_names_the_experiment(shell: Shell) -> None:
    shell.variables["STUDIO_EXPERIMENT"] = "of the shell"
    started = shell.start("true")
    assert started.wait() == 0
    assert started.run()["experiment"] == "of the shell"


def test_an_unknown_workspace_is_replaced_with_a_warning(shell: Shell) -> None:
    started = shell.start("-w", "elsewhere", "true")
    assert started.wait() == 0
    assert "There is no workspace 'elsewhere' here" in started.errors


def test_without_studio_env_the_program_gets_the_server(shell: Shell) -> None:
    """After `studio login`, no variable names the server."""
    for name in ("STUDIO_URL", "STUDIO_TOKEN", "STUDIO_WORKSPACE"):
        shell.variables[name] = ""
    folder = shell.folder / "config" / "run-studio"
    shell.variables["XDG_CONFIG_HOME"] = str(shell.folder / "config")
    shell.variables["STUDIO_HOME"] = str(shell.server.home)
    assert not folder.exists()
    started = shell.python(
        """
        import json, os
        names = ("STUDIO_URL", "STUDIO_RUN_ID", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI")
        print(json.dumps([os.environ[name] for name in names]))
        """
    )
    assert started.wait() == 0, started.errors
    url, own, of_mlflow, tracking = json.loads(started.output)
    assert (url, own) == (shell.server.url, started.run_id)
    assert of_mlflow == own
    assert tracking.startswith(f"{url}/")
