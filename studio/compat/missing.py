"""Errors for scripts that import what this `azureml` does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: All modules that exist.
MODULES = (
    "azureml.core",
    "azureml.core.authentication",
    "azureml.core.compute",
    "azureml.core.compute_target",
    "azureml.core.conda_dependencies",
    "azureml.core.environment",
    "azureml.core.experiment",
    "azureml.core.run",
    "azureml.core.runconfig",
    "azureml.core.script_run",
    "azureml.core.script_run_config",
    "azureml.core.workspace",
    "azureml.exceptions",
    "azureml.widgets",
)


def missing_module_message(name: str) -> str:
    return (
        f"Run Studio's azureml has no module {name!r}. It has {', '.join(MODULES)}; "
        "see docs/user/sdk.md for what takes the place of others."
    )


def refuse_unknown_names(module: str, names: list[str]) -> Callable[[str], Any]:
    """The `__getattr__` of a module that has only `names`.

    It raises ImportError: `from module import name` would replace the text of an
    AttributeError.
    """

    def get_attribute(name: str) -> Any:
        # Python looks for optional names such as `__path__` and expects AttributeError.
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(
            f"Run Studio's {module} has no {name!r}. It has "
            f"{', '.join(sorted(names))}.",
            name=module,
        )

    return get_attribute
