"""HyperDrive configurations of v1's command line, as far as they are sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import InvalidValue
from studio.core.sweeps import GRID, RANDOM, Values, check_space, expand_space
from studio.sdk.errors import UserErrorException
from studio.sdk.submission.run_configuration_files import read_yaml

_SAMPLINGS = {"grid": GRID, "random": RANDOM}
_FOLDERS = ("", ".azureml", "aml_config")
_EXTENSIONS = ("", ".yml", ".yaml")
_NO_POLICY = "noterminationpolicy"
_MINUTE = 60


@dataclass(frozen=True)
class HyperDriveFile:
    #: Values and limits, as the server's request for a sweep has them.
    sweep: dict[str, Any]
    max_seconds: float | None


def read_hyperdrive(folder: Path, name: str) -> HyperDriveFile:
    """Read the configuration: a file, or its name in the folder or in `.azureml`.

    Raises UserErrorException if there is none, and for what no sweep can express:
    Bayesian sampling, policies that end runs early, other distributions.
    """
    file = _find_file(folder, name)
    content = read_yaml(file)
    try:
        return _read_content(content)
    except (InvalidValue, UserErrorException) as error:
        raise UserErrorException(f"{file}: {error.message}") from error


def _find_file(folder: Path, name: str) -> Path:
    for place in (Path(), *(folder / one for one in _FOLDERS)):
        for extension in _EXTENSIONS:
            file = place / f"{name}{extension}"
            if file.is_file():
                return file
    raise UserErrorException(
        f"There is no HyperDrive configuration {name!r} in {folder} or its .azureml."
    )


def _read_content(content: Mapping[str, Any]) -> HyperDriveFile:
    _refuse_policy(content.get("policy"))
    sampling = content.get("sampling")
    if not isinstance(sampling, Mapping):
        raise UserErrorException("It needs sampling with a type and a parameter_space.")
    kind = _SAMPLINGS.get(str(sampling.get("type")).lower())
    if kind is None:
        raise UserErrorException(
            f"Sampling {sampling.get('type')} is not available. Use Grid or Random."
        )
    space = _read_space(sampling.get("parameter_space"))
    total = _whole_number(content, "max_total_runs")
    sweep: dict[str, Any] = {"space": space, "sampling": kind}
    if kind == RANDOM:
        if total is None:
            raise UserErrorException("Random sampling needs max_total_runs.")
        sweep["count"] = total
    _check_total(space, kind, total)
    at_once = _whole_number(content, "max_concurrent_runs")
    if at_once is not None:
        sweep["at_once"] = at_once
    minutes = _whole_number(content, "max_duration_minutes")
    return HyperDriveFile(sweep, minutes * _MINUTE if minutes else None)


def _refuse_policy(policy: object) -> None:
    kind = policy.get("type") if isinstance(policy, Mapping) else policy
    if kind is not None and str(kind).lower() != _NO_POLICY:
        raise UserErrorException(
            f"Policies that end runs early, such as {kind}, are not available. Remove "
            "policy from the file: all runs then run until their end."
        )


def _read_space(parameters: object) -> dict[str, Values]:
    if not isinstance(parameters, list):
        raise UserErrorException(
            "parameter_space must be a list of parameters, each with a name, an "
            "expression and values."
        )
    space: dict[str, Any] = {}
    for one in parameters:
        if not isinstance(one, Mapping) or not one.get("name"):
            raise UserErrorException("Each parameter of parameter_space needs a name.")
        name = str(one["name"])
        if name in space:
            raise UserErrorException(f"{name} is in parameter_space twice.")
        space[name] = _read_values(name, one.get("expression"), one.get("values"))
    return check_space(space)


def _read_values(name: str, expression: object, values: object) -> Any:
    words = values if isinstance(values, list) else [values]
    # The SDK's `choice([1, 2])` becomes a list in a list.
    if len(words) == 1 and isinstance(words[0], list):
        words = words[0]
    if expression == "choice":
        return words
    if expression == "randint" and len(words) == 1:
        return {"from": 0, "to": int(_number(name, words[0])) - 1}
    if expression == "uniform" and len(words) == 2:
        low, high = (float(_number(name, word)) for word in words)
        return {"from": low, "to": high}
    if expression in ("randint", "uniform"):
        needed = "one value" if expression == "randint" else "two values"
        raise UserErrorException(f"{expression} of {name} needs {needed}.")
    raise UserErrorException(
        f"The expression {expression} of {name} is not available. Use choice, randint "
        "or uniform."
    )


def _number(name: str, value: object) -> float:
    try:
        # YAML reads 1e-4 as text.
        return float(str(value))
    except ValueError as error:
        raise UserErrorException(
            f"The values of {name} must be numbers, not {value!r}."
        ) from error


def _whole_number(content: Mapping[str, Any], key: str) -> int | None:
    value = content.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserErrorException(f"{key} must be a whole number from 1.")
    return value


def _check_total(space: Mapping[str, Values], kind: str, total: int | None) -> None:
    """Raise for a sweep that the server would refuse, or that has too many runs."""
    count = len(expand_space(space, kind, total, seed=0))
    if total is not None and count > total:
        raise UserErrorException(
            f"The grid has {count} combinations, more than max_total_runs {total}. "
            "Raise max_total_runs, or use Random."
        )
