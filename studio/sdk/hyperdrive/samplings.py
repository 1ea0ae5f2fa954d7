"""Which combinations of values are tried, as v1 names the ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.sweeps import BAYESIAN, GRID, RANDOM
from studio.sdk.hyperdrive.errors import (
    HyperDriveConfigException,
    HyperDriveScenarioNotSupportedException,
)
from studio.sdk.hyperdrive.expressions import values_of


class HyperParameterSampling:
    """A space of values, and how runs are chosen from it.

    `parameter_space` has an expression for each argument of the script:
    `{"--lr": loguniform(-9, -2), "--layers": choice(1, 2, 3)}`. The property `seed`
    makes the same sample again.
    """

    _sampling = ""

    def __init__(
        self,
        parameter_space: Mapping[str, Any],
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(parameter_space, Mapping) or not parameter_space:
            raise HyperDriveConfigException(
                "parameter_space needs at least one parameter with an expression."
            )
        self._space = {
            str(name): values_of(str(name), expression)
            for name, expression in parameter_space.items()
        }
        self._properties = dict(properties or {})
        rule = str(self._properties.get("rule") or "random").lower()
        if rule != "random":
            raise HyperDriveScenarioNotSupportedException(
                f"The rule {rule} is not available. Leave it out: values are drawn at "
                "random."
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._space!r})"

    def to_request(self) -> dict[str, Any]:
        """The sampling as the server's request has it."""
        seed = self._properties.get("seed")
        found: dict[str, Any] = {"sampling": self._sampling, "space": self._space}
        return found if seed is None else {**found, "seed": seed}


class RandomParameterSampling(HyperParameterSampling):
    """Values are drawn at random, all combinations different."""

    _sampling = RANDOM


class GridParameterSampling(HyperParameterSampling):
    """Every combination is tried. All expressions are `choice` or `randint`."""

    _sampling = GRID

    def __init__(self, parameter_space: Mapping[str, Any]) -> None:
        super().__init__(parameter_space)


class BayesianParameterSampling(HyperParameterSampling):
    """Values are chosen by what earlier runs reached.

    The fewer runs at the same time, the more each can learn. The expressions are
    `choice`, `randint`, `uniform`, `quniform` and `loguniform`. The server needs
    Optuna.
    """

    _sampling = BAYESIAN
