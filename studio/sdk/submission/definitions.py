"""From a ScriptRunConfig to the definition of a run, which is sent and kept."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import InvalidValue
from studio.core.run_definition import check_definition
from studio.sdk.compute import LOCAL_TARGET
from studio.sdk.errors import ExperimentExecutionException, UserErrorException
from studio.sdk.submission.run_configuration import RunConfiguration, to_content
from studio.sdk.submission.settings_sections import without_nulls

#: Words that only a shell understands.
_SHELL_WORDS = frozenset({"&&", "||", ";", "|", ">", ">>", "<", "&", "2>&1"})


def definition_of(config: Any) -> tuple[dict[str, Any], Path]:
    """The definition of a submission, and the folder of its sources.

    `config` is a ScriptRunConfig, or a RunConfiguration of the working folder. Raises
    UserErrorException for another one, or if it cannot be started.
    """
    folder = Path(getattr(config, "source_directory", None) or ".")
    configuration = getattr(config, "run_config", config)
    if not isinstance(configuration, RunConfiguration):
        raise UserErrorException(
            f"Submit a ScriptRunConfig, not {type(config).__name__}."
        )
    content = without_nulls(to_content(configuration))
    named = {**configuration.data, **configuration.data_references}
    _take_inputs(content, [*(getattr(config, "inputs", None) or ())], named)
    if content.get("command"):
        content.pop("script", None)
        content["command"] = _command_of(content["command"])
    if content.get("script"):
        content["script"] = _script_in(folder, str(content["script"]))
    docker = (content.get("environment") or {}).get("docker") or {}
    if docker.get("baseDockerfile"):
        docker["baseDockerfile"] = _read_dockerfile(folder, docker["baseDockerfile"])
    for variables in (content, content.get("environment") or {}):
        values = variables.get("environmentVariables") or {}
        variables["environmentVariables"] = {
            str(name): str(value) for name, value in values.items() if value is not None
        }
    try:
        return check_definition(content), folder.absolute()
    except InvalidValue as error:
        raise UserErrorException(error.message) from error


def _take_inputs(
    content: dict[str, Any], inputs: list[Any], named: Mapping[str, Any]
) -> None:
    """Replace datasets in arguments and command by placeholders; `data` has them.

    Raises UserErrorException for a dataset in a command for a shell.
    """
    arguments = list(content.get("arguments") or ())
    command = content.get("command") or ()
    in_command = [] if isinstance(command, str) else list(command)
    words = [*arguments, *in_command]
    has_no_data = not inputs and not named
    if has_no_data and all(isinstance(one, (str, int, float)) for one in words):
        content["arguments"] = [str(word) for word in arguments]
        return
    # Few submissions need it.
    from studio.sdk.data import (
        argument_text,
        read_inputs,
        read_outputs,
        refuse_local_files,
    )

    data = read_inputs(words, inputs, named)
    outputs = read_outputs(words)
    content["arguments"] = [argument_text(word) for word in arguments]
    if in_command:
        content["command"] = [argument_text(word) for word in in_command]
        if _is_for_shell(content["command"]) and read_inputs(in_command, [], {}):
            raise UserErrorException(
                "A command with && or other words of a shell can't have datasets. Move "
                "what is for the shell into a script of the folder."
            )
    if outputs:
        content["outputData"] = {**(content.get("outputData") or {}), **outputs}
    if data:
        content["data"] = {**(content.get("data") or {}), **data}
        target = content.get("target") or LOCAL_TARGET
        if target != LOCAL_TARGET:
            refuse_local_files(data, target)


def _command_of(command: str | list[Any]) -> str | list[str]:
    """A list with `&&` is for a shell, as in v1."""
    if isinstance(command, str):
        return command
    words = [str(word) for word in command]
    if not _is_for_shell(words):
        return words
    return " ".join(
        word if word in _SHELL_WORDS else shlex.quote(word) for word in words
    )


def _is_for_shell(words: list[str]) -> bool:
    return not _SHELL_WORDS.isdisjoint(words)


def _read_dockerfile(folder: Path, text: str) -> str:
    """The Dockerfile, given by its text or its path. Raises UserErrorException."""
    if "\n" in text.strip() or text.lstrip().upper().startswith(("FROM ", "ARG ")):
        return text
    for path in (folder / text, Path(text)):
        if path.is_file():
            return path.read_text(encoding="utf-8-sig")
    raise UserErrorException(
        f"There is no Dockerfile {text!r}: give its path in {folder.absolute()}, or "
        "its text."
    )


def _script_in(folder: Path, script: str) -> str:
    """The script's path in the folder. Raises ExperimentExecutionException."""
    path = folder / script
    if not path.is_file():
        raise ExperimentExecutionException(
            f"{script} script path doesn't exist. The script should be inside the "
            f"project folder {folder.absolute()}"
        )
    try:
        # The folder can be a link, or contain `..`; the script's own link stays.
        inside = (path.parent.resolve() / path.name).relative_to(folder.resolve())
    except ValueError as error:
        raise ExperimentExecutionException(
            f"{script} is outside of the project folder {folder.absolute()}. Copy it "
            "there, or submit its own folder."
        ) from error
    return inside.as_posix()
