"""Files of run configurations, as v1 writes and reads them."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from studio.sdk import (
    CondaDependencies,
    Environment,
    RunConfiguration,
    ScriptRunConfig,
)
from studio.sdk.errors import UserErrorException
from studio.sdk.submission import DockerConfiguration
from studio.sdk.submission.definitions import definition_of

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


def test_unknown_keys_within_sections_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "x.runconfig"
    file.write_text(
        "script: a.py\n"
        "history: {my_key: 1, useHDI: 2, outputCollection: false}\n"
        "environment: {python: {Other_Key: 3}, docker: {aGPU: 4}}\n"
    )
    found = RunConfiguration.load(str(file))
    found.history.output_collection = True
    found.history.new_setting = 5
    found.save(str(file))
    after = yaml.safe_load(file.read_text())
    history, environment = after["history"], after["environment"]
    assert (history["my_key"], history["useHDI"]) == (1, 2)
    assert (history["outputCollection"], history["newSetting"]) == (True, 5)
    assert not {"myKey", "useHdi"} & set(history)
    assert environment["python"]["Other_Key"] == 3
    assert environment["docker"]["aGPU"] == 4


PACKAGES_WITH_COMMENTS = """\
# Of the team.
channels: [conda-forge, "pytorch"]
dependencies:
  - python=3.9  # the cluster's
  - pip:
    - "scikit-learn==1.0"
    - tiny @ https://example.com/tiny.zip#egg=tiny
  - 'numpy>=1.2,<2'
"""


def test_a_conda_file_is_read_as_yaml(tmp_path: Path) -> None:
    file = tmp_path / "conda.yml"
    file.write_text(PACKAGES_WITH_COMMENTS)
    environment = Environment.from_conda_specification("mine", str(file))
    found = environment.python.conda_dependencies
    assert found.conda_packages == ["python=3.9", "numpy>=1.2,<2"]
    assert found.pip_packages == [
        "scikit-learn==1.0",
        "tiny @ https://example.com/tiny.zip#egg=tiny",
    ]
    assert found.channels == ["conda-forge", "pytorch"]
    assert CondaDependencies(str(file)).pip_packages == found.pip_packages


def test_a_requirements_file_is_read_with_the_files_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "needs").mkdir()
    (tmp_path / "needs" / "dev.txt").write_text(
        "# What the team needs.\n-r base.txt  # first\n-c limits.txt\n"
        "tiny==1 \\\n  --hash=sha256:00\na @ https://b/c.zip#egg=a\n-r dev.txt\n"
    )
    (tmp_path / "needs" / "base.txt").write_text("numpy # numbers\n\n")
    environment = Environment.from_pip_requirements("mine", "needs/dev.txt")
    assert environment.python.conda_dependencies.pip_packages == [
        "numpy",
        "-c needs/limits.txt",
        "tiny==1   --hash=sha256:00",
        "a @ https://b/c.zip#egg=a",
    ]


def test_a_clone_of_an_environment_shares_nothing() -> None:
    first = Environment("one")
    second = first.clone("two")
    second.python.user_managed_dependencies = True
    second.python.conda_dependencies.add_pip_package("numpy")
    second.docker.arguments.append("--gpus=all")
    assert first.python.user_managed_dependencies is False
    assert first.python.conda_dependencies.pip_packages == []
    assert first.docker.arguments == []


def test_an_image_is_named_or_built_from_a_dockerfile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("")
    (tmp_path / "Dockerfile").write_text("FROM mine:1\n")
    config = ScriptRunConfig(
        str(tmp_path),
        "train.py",
        environment=Environment.from_dockerfile("built", "Dockerfile"),
        docker_runtime_config=DockerConfiguration(True, arguments=["--cpus", "2"]),
    )
    definition, _ = definition_of(config)
    assert definition["environment"]["docker"]["baseDockerfile"] == "FROM mine:1\n"
    assert definition["docker"]["useDocker"] is True
    assert definition["docker"]["arguments"] == ["--cpus", "2"]
    (tmp_path / "pip.txt").write_text("six")
    image = Environment.from_docker_image(
        "image", "mine:1", SimpleNamespace(address="my.io"), pip_requirements="pip.txt"
    )
    definition, _ = definition_of(
        ScriptRunConfig(str(tmp_path), "train.py", environment=image)
    )
    docker = definition["environment"]["docker"]
    assert docker["baseImageRegistry"] == {"address": "my.io"}
    packages = definition["environment"]["python"]["condaDependencies"]
    assert {"pip": ["six"]} in packages["dependencies"]
    config.run_config.environment.docker.base_dockerfile = "Other"
    with pytest.raises(UserErrorException, match="There is no Dockerfile 'Other'"):
        definition_of(config)


def test_a_conda_environment_of_this_machine_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserErrorException, match="needs conda, mamba or micromamba"):
        Environment.from_existing_conda_environment("mine", "vision")
    prefixes = [tmp_path, tmp_path / "envs" / "vision"]
    for one in prefixes:
        (one / "bin").mkdir(parents=True)
        (one / "bin" / "python").symlink_to(sys.executable)
    # A stand-in for conda, which only lists its environments.
    program = tmp_path / "conda"
    listed = json.dumps({"envs": [str(one) for one in prefixes]})
    program.write_text(f"#!/bin/sh\necho '{listed}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("CONDA_EXE", str(program))
    found = {
        name: Environment.from_existing_conda_environment("mine", name).python
        for name in ("vision", "base", str(prefixes[1]))
    }
    assert [one.interpreter_path for one in found.values()] == [
        str(prefixes[number] / "bin" / "python") for number in (1, 0, 1)
    ]
    assert found["vision"].user_managed_dependencies is True
    with pytest.raises(UserErrorException, match="no conda environment 'audio'"):
        Environment.from_existing_conda_environment("mine", "audio")
