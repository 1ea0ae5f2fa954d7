"""HyperDrive configurations of v1's command line: YAML files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.sdk.errors import UserErrorException
from studio.sdk.hyperdrive.config import HyperDriveConfig
from studio.sdk.hyperdrive.policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)
from studio.sdk.hyperdrive.samplings import (
    BayesianParameterSampling,
    GridParameterSampling,
    HyperParameterSampling,
    RandomParameterSampling,
)
from studio.sdk.submission import ScriptRunConfig, read_yaml

_SAMPLINGS: dict[str, type[HyperParameterSampling]] = {
    "grid": GridParameterSampling,
    "random": RandomParameterSampling,
    "bayesian": BayesianParameterSampling,
}
_POLICIES: dict[str, type[EarlyTerminationPolicy]] = {
    "banditpolicy": BanditPolicy,
    "medianstoppingpolicy": MedianStoppingPolicy,
    "truncationselectionpolicy": TruncationSelectionPolicy,
    "noterminationpolicy": NoTerminationPolicy,
}
_FOLDERS = ("", ".azureml", "aml_config")
_EXTENSIONS = ("", ".yml", ".yaml")
_LIMITS = ("max_total_runs", "max_concurrent_runs", "max_duration_minutes")


def read_hyperdrive(
    folder: Path, name: str, config: ScriptRunConfig
) -> HyperDriveConfig:
    """Read what is tried of a script: a file, or its name in the folder or `.azureml`.

    Raises UserErrorException if there is none, or if it makes no sense.
    """
    file = _find_file(folder, name)
    content = read_yaml(file)
    try:
        return _read_content(content, config)
    except StudioError as error:
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


def _read_content(
    content: Mapping[str, Any], config: ScriptRunConfig
) -> HyperDriveConfig:
    limits = {key: _whole_number(content, key) for key in _LIMITS}
    for key in ("primary_metric_name", "primary_metric_goal", "max_total_runs"):
        if content.get(key) in (None, ""):
            raise UserErrorException(f"It needs {key}.")
    return HyperDriveConfig(
        hyperparameter_sampling=_read_sampling(content.get("sampling")),
        policy=_read_policy(content.get("policy")),
        primary_metric_name=str(content["primary_metric_name"]),
        primary_metric_goal=str(content["primary_metric_goal"]),
        run_config=config,
        **limits,  # type: ignore[arg-type]
    )


def _read_sampling(sampling: object) -> HyperParameterSampling:
    if not isinstance(sampling, Mapping):
        raise UserErrorException("It needs sampling with a type and a parameter_space.")
    kind = _SAMPLINGS.get(str(sampling.get("type")).lower())
    if kind is None:
        raise UserErrorException(
            f"Sampling {sampling.get('type')} is not available. Use Grid, Random or "
            "Bayesian."
        )
    return kind(_read_space(sampling.get("parameter_space")))


def _read_policy(policy: object) -> EarlyTerminationPolicy | None:
    if policy is None:
        return None
    settings: dict[str, Any] = (
        dict(policy) if isinstance(policy, Mapping) else {"type": policy}
    )
    name = settings.pop("type", None)
    kind = _POLICIES.get(str(name).lower())
    if kind is None:
        raise UserErrorException(
            f"The policy {name} is not available. Use BanditPolicy, "
            "MedianStoppingPolicy, TruncationSelectionPolicy or NoTerminationPolicy."
        )
    try:
        return kind(**settings)
    except TypeError as error:
        raise UserErrorException(
            f"The policy {name} has wrong settings: {', '.join(settings) or 'none'}."
        ) from error


def _read_space(parameters: object) -> dict[str, Any]:
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
        values = one.get("values")
        words = values if isinstance(values, list) else [values]
        space[name] = [one.get("expression"), words]
    return space


def _whole_number(content: Mapping[str, Any], key: str) -> int | None:
    value = content.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserErrorException(f"{key} must be a whole number from 1.")
    return value
