"""The definition of a submitted run: what is started, in which environment.

It is an object of JSON with the keys of v1's run configuration. Keys without a rule
here are kept as they are.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studio.core.errors import InvalidName, InvalidValue
from studio.core.messages import message
from studio.core.names import check_characters, check_path, is_environment_name

MAX_DEFINITION_BYTES = 256 * 1024
MAX_ENVIRONMENT_BYTES = 64 * 1024
MAX_ATTEMPTS = 100
#: Nodes of a run, and processes that it starts on each.
MAX_PROCESSES = 1024
#: Both bounds of a priority; 0 is the default.
MAX_PRIORITY = 1000
#: The type of a run that is the parent of a sweep: it executes nothing.
SWEEP_TYPE = "studio.sweep"
#: Thirty days, v1's default.
DEFAULT_MAX_SECONDS = 2_592_000
#: What a word of a command line can be, other than text.
_PLAIN_TYPES = (str, int, float)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def check_definition(content: object) -> dict[str, Any]:
    """A copy of the definition in which words and values are text.

    Raises InvalidValue for what cannot be started: neither or both of `script` and
    `command`, a script outside the snapshot, a variable with an impossible name, more
    than 256 KiB.
    """
    if not isinstance(content, dict):
        raise InvalidValue(
            message("The definition of a run must be an object"), field="definition"
        )
    _check_size(content)
    checked = {
        key: _CHECKS[key](value, f"definition.{key}") if key in _CHECKS else value
        for key, value in content.items()
        if value is not None
    }
    _check_program(checked)
    _check_processes(checked)
    _check_delays(checked)
    return checked


def command_words(definition: Mapping[str, Any], interpreter: str) -> list[str]:
    """The words that are started, for a definition that `check_definition` returned."""
    arguments = list(definition.get("arguments") or ())
    command = definition.get("command")
    if not command:
        return [interpreter, definition["script"], *arguments]
    if isinstance(command, str):
        return ["/bin/sh", "-c", " ".join([command, *map(shlex.quote, arguments)])]
    return [*command, *arguments]


def rank_count(definition: Mapping[str, Any]) -> int:
    """How many processes the run starts at once: PyTorch's, or those of MPI."""
    name, key = _rank_setting(definition)
    count = (definition.get(name) or {}).get(key)
    return count if isinstance(count, int) and count > 1 else 1


def _rank_setting(definition: Mapping[str, Any]) -> tuple[str, str]:
    """The section and the key of the number of processes; empty for a single one."""
    if is_for_mpi(definition):
        return "mpi", "processCountPerNode"
    is_for_pytorch = definition.get("framework") == "PyTorch"
    return ("pytorch", "processCount") if is_for_pytorch else ("", "")


def is_for_mpi(definition: Mapping[str, Any]) -> bool:
    return definition.get("communicator") in ("OpenMpi", "IntelMpi", "Mpi")


def node_count(definition: Mapping[str, Any]) -> int:
    count = definition.get("nodeCount")
    return count if isinstance(count, int) else 1


def command_line(definition: Mapping[str, Any]) -> str:
    """The same as one line, to be shown and to be pasted into a shell."""
    words = command_words(definition, "python")
    return words[2] if isinstance(definition.get("command"), str) else shlex.join(words)


def environment_label(definition: Mapping[str, Any]) -> str:
    """Name and version of a registered environment, `trees:2`; else empty."""
    environment = definition.get("environment") or {}
    name, version = environment.get("name"), str(environment.get("version") or "")
    is_version = version.isascii() and version.isdigit() and len(version) < 10
    return f"{name}:{version}" if is_version and is_environment_name(name) else ""


def environment_variables(definition: Mapping[str, Any]) -> dict[str, str]:
    """The variables of the environment and those of the run, which come first."""
    environment = definition.get("environment") or {}
    return {
        **(environment.get("environmentVariables") or {}),
        **(definition.get("environmentVariables") or {}),
    }


def check_variable_name(value: object, field: str) -> str:
    """The name of an environment variable: letters, digits and `_`, no digit first."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        raise InvalidName(
            message(
                "%(field)s %(name)r must start with a letter or '_' and contain only "
                "letters, digits and '_'",
                field=field,
                name=str(value)[:100],
            ),
            field=field,
        )
    return value


def check_environment(content: object, field: str) -> dict[str, Any]:
    """A copy of an environment's content in which the values of variables are text.

    Raises InvalidValue for content that no run can have, or more than 64 KiB.
    """
    checked = _check_environment(content, field)
    size = _json_size(checked)
    if size > MAX_ENVIRONMENT_BYTES:
        raise InvalidValue(
            message(
                "The environment has %(size)s bytes. The limit is %(limit)s. Put long "
                "values into files of the script's folder.",
                size=size,
                limit=MAX_ENVIRONMENT_BYTES,
            ),
            field=field,
            limit=MAX_ENVIRONMENT_BYTES,
        )
    return checked


def _json_size(content: Mapping[str, Any]) -> int:
    try:
        return len(json.dumps(content, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(
            message("The definition of a run must consist of JSON values"),
            field="definition",
        ) from error


def _check_size(content: Mapping[str, Any]) -> None:
    size = _json_size(content)
    if size > MAX_DEFINITION_BYTES:
        raise InvalidValue(
            message(
                "The definition of the run has %(size)s bytes. The limit is "
                "%(limit)s. Put long values into a file.",
                size=size,
                limit=MAX_DEFINITION_BYTES,
            ),
            field="definition",
            limit=MAX_DEFINITION_BYTES,
        )


def _check_program(checked: dict[str, Any]) -> None:
    if bool(checked.get("script")) == bool(checked.get("command")):
        raise InvalidValue(
            message("A run needs either a script or a command"),
            field="definition.script",
        )


def _check_delays(checked: Mapping[str, Any]) -> None:
    terminate = checked.get("terminateAfterSeconds")
    kill = checked.get("killAfterSeconds")
    if terminate is not None and kill is not None and kill < terminate:
        raise InvalidValue(
            message("killAfterSeconds must not be less than terminateAfterSeconds"),
            field="definition.killAfterSeconds",
        )


def _check_script(value: object, field: str) -> str:
    return check_path(value, field) if value != "" else ""


def _check_word(value: object, field: str) -> str:
    if not isinstance(value, _PLAIN_TYPES):
        raise InvalidValue(
            message("%(field)s must be text or a number", field=field), field=field
        )
    return check_characters(str(value), field)


def _check_words(value: object, field: str) -> list[str]:
    return [
        _check_word(word, f"{field}[{number}]")
        for number, word in enumerate(_check_list(value, field))
    ]


def _check_command(value: object, field: str) -> str | list[str]:
    return (
        check_characters(value, field)
        if isinstance(value, str)
        else _check_words(value, field)
    )


def _check_list(value: object, field: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise InvalidValue(
            message("%(field)s must be a list", field=field), field=field
        )
    return value


def _check_object(value: object, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue(
            message("%(field)s must be an object", field=field), field=field
        )
    return value


def _check_variables(value: object, field: str) -> dict[str, str]:
    return {
        check_variable_name(name, field): _check_word(content, f"{field}.{name}")
        for name, content in _check_object(value, field).items()
        # v1 writes variables without a value as null.
        if content is not None
    }


def _check_environment(value: object, field: str) -> dict[str, Any]:
    environment = dict(_check_object(value, field))
    variables = environment.get("environmentVariables")
    if variables is not None:
        name = f"{field}.environmentVariables"
        environment["environmentVariables"] = _check_variables(variables, name)
    docker = environment.get("docker")
    if docker is not None:
        environment["docker"] = _check_docker(docker, f"{field}.docker")
    python = environment.get("python")
    if python is not None:
        path = _check_object(python, f"{field}.python").get("interpreterPath")
        if path is not None:
            _check_word(path, f"{field}.python.interpreterPath")
    return environment


def _check_docker(value: object, field: str) -> dict[str, Any]:
    """The section of an image, or that of the containers of its runs."""
    docker = dict(_check_object(value, field))
    for name in ("baseImage", "baseDockerfile", "shmSize"):
        if docker.get(name) is not None:
            docker[name] = _check_word(docker[name], f"{field}.{name}")
    if docker.get("arguments") is not None:
        docker["arguments"] = _check_command(docker["arguments"], f"{field}.arguments")
    registry = docker.get("baseImageRegistry")
    if registry is not None:
        address = _check_object(registry, f"{field}.baseImageRegistry").get("address")
        if address is not None:
            _check_word(address, f"{field}.baseImageRegistry.address")
    image = docker.get("baseImage") or ""
    if len(image.split()) > 1 or image.startswith("-"):
        raise InvalidValue(
            message(
                "%(field)s %(name)r is not the name of an image",
                field=f"{field}.baseImage",
                name=image[:100],
            ),
            field=f"{field}.baseImage",
        )
    return docker


def _check_secrets(value: object, field: str) -> list[str]:
    names = [check_variable_name(one, field) for one in _check_list(value, field)]
    return list(dict.fromkeys(names))


def _check_seconds(value: object, field: str) -> float | int:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:  # type: ignore[arg-type,operator]
        raise InvalidValue(
            message("%(field)s must be a number of seconds", field=field), field=field
        )
    return value  # type: ignore[return-value]


def _check_count(value: object, field: str, limit: int = MAX_ATTEMPTS) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 1 <= value <= limit:  # type: ignore[operator]
        raise InvalidValue(
            message(
                "%(field)s must be a whole number from 1 to %(limit)s",
                field=field,
                limit=limit,
            ),
            field=field,
        )
    return value  # type: ignore[return-value]


def _check_processes(checked: Mapping[str, Any]) -> None:
    """Counts that are used: v1 writes others, too."""
    nodes = checked.get("nodeCount")
    if nodes is not None:
        _check_count(nodes, "definition.nodeCount", MAX_PROCESSES)
    name, key = _rank_setting(checked)
    section = _check_object(checked.get(name) or {}, f"definition.{name}")
    if key and section.get(key) is not None:
        _check_count(section[key], f"definition.{name}.{key}", MAX_PROCESSES)


def _check_priority(value: object, field: str) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not -MAX_PRIORITY <= value <= MAX_PRIORITY:  # type: ignore[operator]
        raise InvalidValue(
            message(
                "%(field)s must be a whole number from %(least)s to %(limit)s",
                field=field,
                least=-MAX_PRIORITY,
                limit=MAX_PRIORITY,
            ),
            field=field,
        )
    return value  # type: ignore[return-value]


_CHECKS: dict[str, Callable[[object, str], Any]] = {
    "script": _check_script,
    "arguments": _check_words,
    "command": _check_command,
    "target": _check_word,
    "environment": _check_environment,
    "docker": _check_docker,
    "environmentVariables": _check_variables,
    "maxRunDurationSeconds": _check_seconds,
    "secrets": _check_secrets,
    "maxAttempts": _check_count,
    "priority": _check_priority,
    "terminateAfterSeconds": _check_seconds,
    "killAfterSeconds": _check_seconds,
}
