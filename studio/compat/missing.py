"""What is said to a script that imports what is not there."""

from __future__ import annotations

#: Submodules that are there, for those who ask for another one.
THERE = (
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


def missing_module(name: str) -> str:
    return (
        f"Run Studio's azureml has no module {name!r}. It has {', '.join(THERE)}; see "
        "docs/sdk.md for what takes the place of others."
    )


def missing_name(module: str, name: str, there: list[str]) -> ImportError:
    """What `from module import name` raises. An AttributeError would lose the text."""
    return ImportError(
        f"Run Studio's {module} has no {name!r}. It has {', '.join(sorted(there))}.",
        name=module,
    )
