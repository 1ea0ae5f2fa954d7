"""What the command itself logs goes to the run that `studio run` created."""

from __future__ import annotations

import pytest

from tests.runner.launched import Launched, Shell


def only_run(started: Launched) -> None:
    found = started.client.get("runs", experiment=started.run()["experiment_id"])
    assert [row["run"]["id"] for row in found["runs"]] == [started.run_id]


def last(started: Launched, key: str) -> float:
    found = started.client.get(f"runs/{started.run_id}/metrics/{key}")
    return float(found["values"][-1])


def test_a_script_of_the_sdk_joins_the_run(shell: Shell) -> None:
    started = shell.python(
        """
        from azureml.core import Run
        run = Run.get_context()
        run.log("loss", 0.25)
        run.complete()
        """,
        *("--experiment", "joining-sdk"),
    )
    assert started.wait() == 0, started.errors
    assert started.run()["status"] == "Completed"
    assert last(started, "loss") == 0.25
    only_run(started)


def test_the_end_that_a_script_reports_is_the_commands(shell: Shell) -> None:
    started = shell.python(
        """
        import sys
        from azureml.core import Run
        Run.get_context().complete()
        sys.exit(4)
        """
    )
    assert started.wait() == 4, started.errors
    assert started.run()["status"] == "Failed"


def test_a_failure_that_a_script_reports_is_the_runs(shell: Shell) -> None:
    started = shell.python(
        """
        from azureml.core import Run
        Run.get_context().fail("the data is too old")
        """
    )
    assert started.wait() == 0, started.errors
    run = started.run()
    assert (run["status"], run["error"]) == ("Failed", "the data is too old")


def test_a_script_of_mlflow_joins_the_run(shell: Shell) -> None:
    started = shell.python(
        """
        import mlflow
        with mlflow.start_run():
            mlflow.log_metric("loss", 0.5)
            mlflow.log_param("lr", 0.1)
        """,
        *("--experiment", "joining-mlflow"),
    )
    assert started.wait() == 0, started.errors
    assert started.run()["status"] == "Completed"
    assert last(started, "loss") == 0.5
    only_run(started)


@pytest.mark.parametrize("parent", ["unknown", "../runs", "no run\x1b[2J"])
def test_a_run_whose_parent_is_unknown_has_no_parent(shell: Shell, parent: str) -> None:
    shell.variables["STUDIO_RUN_ID"] = parent
    started = shell.python("print('alone')")
    assert started.wait() == 0, started.errors
    assert "this is no child" in started.errors
    assert "\x1b" not in started.errors
    run = started.run()
    assert (run["status"], run["parent"]) == ("Completed", None)


@pytest.mark.parametrize("code", [0, 3])
def test_a_run_that_is_logged_offline_is_delivered_later(
    shell: Shell, code: int
) -> None:
    shell.variables["STUDIO_MODE"] = "offline"
    started = shell.python(f"print('far away'); raise SystemExit({code})")
    assert started.wait() == code, started.errors
    assert "studio sync" in started.errors
    del shell.variables["STUDIO_MODE"]
    assert shell.studio("sync").returncode == 0
    assert started.run()["status"] == ("Failed" if code else "Completed")
    assert started.log() == b"far away\n"


def test_without_a_server_the_command_runs_and_its_run_waits(shell: Shell) -> None:
    shell.variables["STUDIO_URL"] = "http://127.0.0.1:9"
    started = shell.python("print('alone')")
    assert started.wait() == 0
    assert started.output == "alone\n"
    assert "cannot be reached" in started.errors
    assert "waits in" in started.errors


def test_a_server_that_must_be_reached_starts_nothing_without_it(shell: Shell) -> None:
    shell.variables |= {"STUDIO_URL": "http://127.0.0.1:9", "STUDIO_MODE": "online"}
    started = shell.python("open('started', 'w')")
    assert started.wait() == 1
    assert "Error: http://127.0.0.1:9 cannot be reached" in started.errors
    assert not (shell.folder / "started").exists()


def test_a_refused_token_starts_nothing(shell: Shell) -> None:
    shell.variables["STUDIO_TOKEN"] = "rs_unknown"
    started = shell.python("open('started', 'w')")
    assert started.wait() == 1
    assert "Error:" in started.errors
    assert not (shell.folder / "started").exists()


def test_a_cancel_of_a_joined_script_sends_one_interrupt(shell: Shell) -> None:
    """Both the script's sender and the launcher learn of the cancel."""
    started = shell.python(
        """
        import time
        from azureml.core import Run
        run, interrupts, ends = Run.get_context(), 0, time.monotonic() + 600
        while time.monotonic() < ends:
            try:
                run.log("step", 1.0)
                open("ready", "w").write("1")
                time.sleep(0.05)
            except KeyboardInterrupt:
                interrupts += 1
                ends = min(ends, time.monotonic() + 5)
        open("interrupts", "w").write(str(interrupts))
        """
    )
    started.wait_for("ready")
    started.client.post(f"runs/{started.run_id}/cancel", {})
    assert started.wait() == 0, started.errors
    assert started.wait_for("interrupts") == "1"
    assert started.run()["status"] == "Canceled"
    sent = [text for text in started.messages() if text.endswith("was sent")]
    assert sent == ["SIGINT was sent"]
