"""How a command ends is how its run ends, and the exit code is the command's."""

from __future__ import annotations

import platform
import signal
import sys
import zipfile

import pytest

from tests.runner.launched import Shell

SLEEPS = """
import os, time
open("pid", "w").write(str(os.getpid()))
time.sleep(600)
"""


def test_a_command_that_succeeds_is_completed(shell: Shell) -> None:
    started = shell.python("print('a'); import sys; print('b', file=sys.stderr)")
    assert started.wait() == 0
    run = started.run()
    assert (run["status"], run["error"]) == ("Completed", "")
    assert (run["experiment"], run["script"]) == ("script", "script.py")
    assert started.output == "a\n"
    assert "b\n" in started.errors
    assert sorted(started.log().splitlines()) == [b"a", b"b"]


def test_the_sources_and_the_command_are_kept(shell: Shell) -> None:
    started = shell.python("print('a')", words=("--lr", "0.1"))
    assert started.wait() == 0
    path = f"runs/{started.run_id}"
    kept = shell.client.get(f"{path}/definition")["definition"]
    assert kept["command"] == [sys.executable, "script.py", "--lr", "0.1"]
    with (shell.folder / "errors.zip").open("w+b") as archive:
        shell.client.download(f"{path}/snapshot", archive)
        assert zipfile.ZipFile(archive).namelist() == [".amlignore", "script.py"]


def test_an_exit_code_is_the_reason_of_a_failure(shell: Shell) -> None:
    started = shell.python("import sys; print('no GPU', file=sys.stderr); sys.exit(3)")
    assert started.wait() == 3
    run = started.run()
    assert run["status"] == "Failed"
    assert run["error"] == "The command ended with exit code 3.\n\nno GPU"


def test_a_traceback_is_kept_whole_below_a_progress_bar(shell: Shell) -> None:
    started = shell.python(
        """
        import sys
        for n in range(50): print(f"\\r\\x1b[32m{n}%\\x1b[0m", end="", file=sys.stderr)
        def deep(n):
            if n: deep(n - 1)
            else: raise ValueError("lr is bad")
        deep(40)
        """
    )
    assert started.wait() == 1
    error = started.run()["error"]
    assert "49%Traceback" in error
    assert error.endswith("ValueError: lr is bad")
    assert "\x1b" not in error


def test_a_killed_command_fails_at_once(shell: Shell) -> None:
    started = shell.python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert started.wait() == 128 + signal.SIGKILL
    run = started.run()
    assert run["status"] == "Failed"
    assert run["error"].startswith("The command was killed by SIGKILL.")


def test_a_program_that_does_not_exist_starts_no_run(shell: Shell) -> None:
    before = shell.client.get("runs")["total"]
    started = shell.start("--", "no-such-program")
    assert started.wait() == 127
    assert "no-such-program is not a program on PATH" in started.errors
    assert shell.client.get("runs")["total"] == before


def test_output_passes_unchanged(shell: Shell) -> None:
    data = bytes(range(256)) * 2000
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 2000)"
    started = shell.python(code)
    assert started.wait() == 0
    assert (shell.folder / "output").read_bytes() == data
    assert started.log() == data


def test_two_streams_of_one_file_keep_their_order(shell: Shell) -> None:
    shell.write(
        "script.py",
        """
        import sys
        for n in range(200):
            print(n, end=" ", file=(sys.stdout, sys.stderr)[n % 2], flush=True)
        """,
    )
    words = f"{sys.executable} -m studio.cli run -- {sys.executable} script.py"
    started = shell.start("sh", "-c", f"{words} > both 2>&1")
    assert started.wait() == 0
    numbers = " ".join(map(str, range(200)))
    assert numbers in (shell.folder / "both").read_text()


def test_output_of_what_outlives_the_command_does_not_delay_its_end(
    shell: Shell,
) -> None:
    started = shell.start("--", "sh", "-c", "echo done; sleep 600 & echo $! > pid")
    assert started.wait() == 0
    assert started.run()["status"] == "Completed"
    assert started.log() == b"done\n"
    shell.start("--", "kill", started.wait_for("pid").strip()).wait()


def test_a_reader_that_stops_ends_the_command(shell: Shell) -> None:
    """As in `studio run … | head`."""
    words = f"{sys.executable} -m studio.cli run yes"
    started = shell.start("sh", "-c", f"{words} | head -n 1")
    assert started.wait() == 0
    assert started.output == "y\n"
    [child] = shell.client.get("runs", parent=started.run_id)["runs"]
    assert child["run"]["status"] == "Failed"
    assert child["run"]["error"].startswith("The command was killed by SIGPIPE.")


def test_what_a_run_starts_is_its_child(shell: Shell) -> None:
    words = [sys.executable, "-m", "studio.cli", "run", "--name", "inner", "true"]
    started = shell.start("--", *words)
    assert started.wait() == 0
    [child] = shell.client.get("runs", parent=started.run_id)["runs"]
    assert (child["run"]["name"], child["run"]["status"]) == ("inner", "Completed")


def test_options_describe_the_run(shell: Shell) -> None:
    started = shell.start(
        *("--name", "base line", "--experiment", "数字", "--tag", "team=nlp"),
        *("--tag", "baseline", "true", "--name", "of the program"),
    )
    assert started.wait() == 0
    run = started.run()
    assert (run["name"], run["experiment"]) == ("base line", "数字")
    tags = shell.client.get(f"runs/{run['id']}/tags")["tags"]
    assert tags == {"team": "nlp", "baseline": None}
    properties = shell.client.get(f"runs/{run['id']}/properties")["properties"]
    assert properties["studio.host"] == platform.node()
    assert properties["studio.command"] == "true --name 'of the program'"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("lst",), 2, "'lst' is neither a command of `studio run` nor a program"),
        (("--name",), 2, "requires an argument"),
        (("--name", "x"), 2, "Which program should run?"),
        (("--tag", "=v", "true"), 2, "tag key"),
        (("--experiment", "a\nb", "true"), 2, "control character"),
        (("--kill-after", "-1", "true"), 2, "not in the range"),
        (("script.txt",), 126, "script.txt is not an executable program"),
        (("--", ""), 127, "The program's name is empty."),
        (("--", "/tmp"), 126, "/tmp is a folder"),
    ],
)
def test_wrong_words_start_nothing(
    shell: Shell, words: tuple[str, ...], code: int, sentence: str
) -> None:
    shell.write("script.txt", "")
    started = shell.start(*words)
    assert started.wait() == code
    assert sentence in started.errors
    assert "Run Studio: Run" not in started.errors


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("echo 1\n", "Exec format error. For a shell script, write #!/bin/sh in its"),
        ("#!/nosuch/sh\n", "the program in its first line does not exist."),
    ],
)
def test_a_script_that_cannot_be_started_is_explained(
    shell: Shell, content: str, sentence: str
) -> None:
    shell.write("start", content)
    (shell.folder / "start").chmod(0o755)
    started = shell.start("./start")
    assert started.wait() == 126
    assert f"./start cannot be started: {sentence}" in started.errors
    run = started.run()
    assert (run["status"], sentence in run["error"]) == ("Failed", True)
