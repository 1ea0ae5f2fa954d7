"""Files of run configurations, as v1 writes and reads them."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
import yaml

from studio.sdk import RunConfiguration
from studio.sdk.errors import UserErrorException

#: As v1 wrote it, with sections that this version does not know.
OF_V1 = """
# The script to run.
script: train.py
arguments: [--alpha, 0.5]
target: gpu-cluster
framework: PyTorch
communicator: None
maxRunDurationSeconds: 600
nodeCount: 2
environment:
  name: sklearn
  version: '7'
  environmentVariables:
    EXAMPLE_ENV_VAR: EXAMPLE_VALUE
  python:
    userManagedDependencies: true
    interpreterPath: /opt/python
    condaDependenciesFile: packages.yml
    baseCondaEnvironment: null
  docker:
    enabled: true
    baseImage: an/image
  inferencingStackVersion: 1
history:
  outputCollection: false
  directoriesToWatch: [logs, more]
mpi:
  processCountPerNode: 4
paralleltask: {maxRetriesPerWorker: 0}
environmentVariables:
  ANY_name: '1'
"""
PACKAGES = "dependencies:\n- python=3.9\n- numpy\n- pip:\n  - scikit-learn==1.0\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / ".azureml"
    folder.mkdir()
    (folder / "sklearn.runconfig").write_text(OF_V1)
    (folder / "packages.yml").write_text(PACKAGES)
    return tmp_path


def test_a_file_of_v1_is_read(project: Path) -> None:
    found = RunConfiguration.load(str(project), "sklearn")
    assert (found.script, found.arguments) == ("train.py", ["--alpha", 0.5])
    assert (found.target, found.framework) == ("gpu-cluster", "PyTorch")
    assert (found.max_run_duration_seconds, found.node_count) == (600, 2)
    environment = found.environment
    assert (environment.name, environment.version) == ("sklearn", "7")
    assert environment.environment_variables == {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}
    assert environment.python.user_managed_dependencies is True
    assert environment.python.interpreter_path == "/opt/python"
    packages = environment.python.conda_dependencies
    assert packages.conda_packages == ["python=3.9", "numpy"]
    assert packages.pip_packages == ["scikit-learn==1.0"]
    assert environment.docker.base_image == "an/image"
    assert found.history.output_collection is False
    assert found.history.directories_to_watch == ["logs", "more"]
    assert found.mpi.process_count_per_node == 4
    assert found.environment_variables == {"ANY_name": "1"}


def test_unknown_parts_are_kept(project: Path) -> None:
    found = RunConfiguration.load(str(project), "sklearn")
    found.target = "local"
    found.save(str(project), "second")
    before = yaml.safe_load(OF_V1)
    after = yaml.safe_load((project / ".azureml" / "second.runconfig").read_text())
    assert after["paralleltask"] == before["paralleltask"]
    assert after["environment"]["inferencingStackVersion"] == 1
    assert after["environmentVariables"] == {"ANY_name": "1"}
    assert after["target"] == "local"
    assert list(after)[:4] == ["script", "arguments", "target", "framework"]


@pytest.mark.parametrize("apart", [False, True])
def test_saved_state_is_loaded(tmp_path: Path, apart: bool) -> None:
    (tmp_path / "aml_config").mkdir()
    made = RunConfiguration("train.py", ["--n", 3], command=None)
    made.environment.python.conda_dependencies.add_pip_package("näher")
    made.environment_variables["A"] = "b"
    made.save(str(tmp_path), "mine", separate_environment_yaml=apart)
    assert (tmp_path / "aml_config" / "environment.yml").is_file() is apart
    found = RunConfiguration.load(str(tmp_path), "mine")
    assert _settings(found) == _settings(made)
    RunConfiguration.delete(str(tmp_path), "mine")
    with pytest.raises(UserErrorException, match="no run configuration 'mine'"):
        RunConfiguration.load(str(tmp_path), "mine")


def _settings(made: RunConfiguration) -> dict[str, Any]:
    known = {name: value for name, value in vars(made).items() if name[0] != "_"}
    environment = known.pop("environment")
    packages = environment.python.conda_dependencies
    sections = {n: vars(v) if hasattr(v, "__dict__") else v for n, v in known.items()}
    return {**sections, "conda": packages.conda, "pip": packages.pip}


def test_a_configuration_is_found_without_extension_and_in_its_folders(
    project: Path,
) -> None:
    plain = project / "conf.yml"
    RunConfiguration("a.py").save(str(plain))
    assert RunConfiguration.load(str(plain)).script == "a.py"
    below = project / "sub" / ".azureml"
    below.mkdir(parents=True)
    (below / "local").write_text("script: b.py\n")
    assert RunConfiguration.load(str(project), "local").script == "b.py"
    assert RunConfiguration.load(str(project), "conf.yml").script == "a.py"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "is not YAML"),
        ("- a\n", "names no keys"),
        ("", "names no keys"),
        ("environment: {python: 3}", "is not a run configuration"),
        ("arguments: 3", "is not a run configuration"),
        ("environmentVariables: [a]", "is not a run configuration"),
        ("[" * 5000, "is not YAML"),
    ],
)
def test_a_broken_file_is_reported(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "x.runconfig"
    file.write_text(text)
    with pytest.raises(UserErrorException, match=sentence):
        RunConfiguration.load(str(file))


def test_an_unwritable_configuration_is_reported(tmp_path: Path) -> None:
    made = RunConfiguration("a.py")
    with pytest.raises(UserErrorException, match="give the name"):
        made.save(str(tmp_path))
    with pytest.raises(UserErrorException, match="without a folder"):
        made.save(str(tmp_path), "../out")
    made.arguments = [object()]
    with pytest.raises(UserErrorException, match="use numbers, texts"):
        made.save(str(tmp_path), "x")
    assert not list(tmp_path.rglob("*.runconfig"))


def test_without_pyyaml_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **rest: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return real(name, *more, **rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserErrorException, match="pip install pyyaml"):
        RunConfiguration().save(str(tmp_path), "x")
