"""The `azureml` of `studio env` in an interpreter where nothing of it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.parts.clients import ROOT
from tests.sdk.process.script import read_run
from tests.sdk.user import User

SHIM = ROOT / "studio/compat"
LOG = """
from azureml.core import Experiment, Run, Workspace
run = Experiment(Workspace.from_config(), "elsewhere").start_logging(
    snapshot_directory=None)
run.log("loss", 0.5)
"""


class Interpreter:
    """A new virtual environment without any package."""

    def __init__(self, folder: Path, user: User) -> None:
        self.folder, self.user = folder, user
        self.program = folder / "bin/python"

    def run(
        self, script: str, path: Path = SHIM, **env: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {**self.user.environment(), "PYTHONPATH": str(path), **env}
        file = self.folder / "train.py"
        file.write_text(textwrap.dedent(script))
        return subprocess.run(
            [str(self.program), str(file)],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def error(self, script: str, path: Path = SHIM, **env: str) -> str:
        """The last line of what a failing script printed."""
        done = self.run(script, path, **env)
        assert done.returncode == 1, done.stdout
        return done.stderr.strip().splitlines()[-1]

    def site_packages(self) -> Path:
        return next(self.folder.glob("lib/python*/site-packages"))


@pytest.fixture(scope="module")
def interpreter(user: User, tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    folder = tmp_path_factory.mktemp("interpreter")
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)],
        # A virtual environment's own variable would be that of the new one.
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        check=True,
    )
    return Interpreter(folder, user)


def test_a_script_logs_without_any_installed_package(interpreter: Interpreter) -> None:
    done = interpreter.run(LOG + "run.complete()\nprint(run.get_metrics())")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "{'loss': 0.5}\n"


def test_spawned_processes_log_to_the_same_run(interpreter: Interpreter) -> None:
    done = interpreter.run(
        """
        import multiprocessing

        def work(run, number):
            run.log("child", number)

        if __name__ == "__main__":
            from azureml.core import Experiment, Workspace
            experiment = Experiment(Workspace.from_config(), "elsewhere")
            with experiment.start_logging(snapshot_directory=None) as run:
                spawn = multiprocessing.get_context("spawn")
                process = spawn.Process(target=work, args=(run, 7))
                process.start()
                process.join()
            print(run.get_metrics())
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "{'child': 7}"


def test_another_installed_version_is_not_mixed_in(interpreter: Interpreter) -> None:
    other = interpreter.site_packages() / "studio"
    other.mkdir()
    (other / "__init__.py").write_text('__version__ = "0.0.1"')
    try:
        done = interpreter.run(LOG + "import studio\nprint(studio.__version__)")
    finally:
        shutil.rmtree(other)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() != "0.0.1"


def test_a_script_that_needs_a_missing_package_names_it(
    interpreter: Interpreter,
) -> None:
    # Without a token, the file of `studio login` is looked for.
    last = interpreter.error(LOG, STUDIO_TOKEN="")
    assert f"{interpreter.program} -m pip install platformdirs" in last


def test_the_shim_without_its_package_names_what_to_install(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    shutil.copytree(SHIM / "azureml", tmp_path / "one/two/azureml")
    last = interpreter.error(LOG, tmp_path / "one/two")
    assert last == (
        "ImportError: Run Studio needs run-studio in the environment of this script: "
        f"run `{interpreter.program} -m pip install run-studio`."
    )


def test_another_package_of_that_name_is_named(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    (tmp_path / "studio.py").write_text("")
    script = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport studio\n"
    last = interpreter.error(script + LOG)
    assert last.startswith(f"ImportError: {tmp_path / 'studio.py'} hides Run Studio's")


def test_a_real_azureml_core_is_named_there_too(interpreter: Interpreter) -> None:
    info = interpreter.site_packages() / "azureml_core-1.61.0.dist-info"
    info.mkdir()
    try:
        last = interpreter.error(LOG)
    finally:
        info.rmdir()
    assert last.startswith("ImportError: azureml-core 1.61.0 is installed")


EXIT = """
import sys
from azureml.core import Experiment, Workspace
run = Experiment(Workspace.from_config(), "elsewhere").start_logging(
    snapshot_directory=None)
print(run.id)

def main():
    try:
        sys.exit(2)
    except SystemExit:
        return 7

raise SystemExit(main())
"""


def newest_python() -> str | None:
    """A Python from 3.12 on, if there is one: it tells of each `raise SystemExit`."""
    check = "import sys; sys.exit(not hasattr(sys, 'monitoring'))"
    names = [f"python3.{minor}" for minor in (14, 13, 12)]
    for program in [sys.executable, *filter(None, map(shutil.which, names))]:
        done = subprocess.run([program, "-c", check], capture_output=True, check=False)
        if done.returncode == 0:
            return program
    return None


def test_the_status_of_a_raised_exit_is_known(user: User, tmp_path: Path) -> None:
    program = newest_python()
    if program is None:
        pytest.skip("There is no Python 3.12 or newer.")
    elsewhere = Interpreter(tmp_path, user)
    elsewhere.program = Path(program)
    done = elsewhere.run(EXIT)
    assert done.returncode == 7, done.stderr
    run = read_run(user, done.stdout.strip())
    assert (run["status"], run["error"]) == ("Failed", "exit code 7")
