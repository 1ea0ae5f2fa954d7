"""Errors for scripts that use what this `azureml` does not have.

The protocol is that of every module: a missing name is an AttributeError, and a missing
module is not found. Programs rely on it: `hasattr`, `find_spec`, pickling. Only an
import statement gets an ImportError, with a sentence that lists what exists.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from studio.compat.import_statements import is_import_from, is_importlib

#: All modules that exist.
MODULES = (
    "azureml.core",
    "azureml.core.authentication",
    "azureml.core.compute",
    "azureml.core.compute_target",
    "azureml.core.conda_dependencies",
    "azureml.core.dataset",
    "azureml.core.datastore",
    "azureml.core.environment",
    "azureml.core.experiment",
    "azureml.core.keyvault",
    "azureml.core.model",
    "azureml.core.resource_configuration",
    "azureml.core.run",
    "azureml.core.runconfig",
    "azureml.core.script_run",
    "azureml.core.script_run_config",
    "azureml.core.workspace",
    "azureml.data",
    "azureml.data.abstract_dataset",
    "azureml.data.data_reference",
    "azureml.data.datapath",
    "azureml.data.dataset_consumption_config",
    "azureml.data.dataset_factory",
    "azureml.data.dataset_type_definitions",
    "azureml.data.file_dataset",
    "azureml.data.output_dataset_config",
    "azureml.data.tabular_dataset",
    "azureml.exceptions",
    "azureml.telemetry",
    "azureml.train",
    "azureml.train.dnn",
    "azureml.train.estimator",
    "azureml.train.hyperdrive",
    "azureml.train.hyperdrive.exceptions",
    "azureml.train.hyperdrive.parameter_expressions",
    "azureml.train.hyperdrive.policy",
    "azureml.train.hyperdrive.run",
    "azureml.train.hyperdrive.runconfig",
    "azureml.train.hyperdrive.sampling",
    "azureml.train.sklearn",
    "azureml.widgets",
)


def missing_module_message(name: str) -> str:
    from studio.sdk.not_offered import help_address

    return (
        f"Run Studio's azureml has no module {name!r}. It has {', '.join(MODULES)}. "
        f"For what takes the place of others, see {help_address()}"
    )


def refuse_unknown_names(
    module: str, names: list[str], lazy: Mapping[str, str] | None = None
) -> Callable[[str], Any]:
    """The `__getattr__` of a module that has only `names`.

    `lazy` has the modules of names that are imported when they are used: scripts that
    only log import faster.
    """

    def get_attribute(name: str) -> Any:
        # Python looks for optional names such as `__path__`.
        if name.startswith("__"):
            raise AttributeError(name)
        if lazy is not None and name in lazy:
            return getattr(importlib.import_module(lazy[name]), name)
        # Few scripts need it.
        from studio.compat.unavailable import find_name

        unavailable = find_name(module, name)
        if unavailable is not None:
            return unavailable
        known = ", ".join(sorted(names)) or "no names"
        message = f"Run Studio's {module} has no {name!r}. It has {known}."
        if is_import_from(sys._getframe(1)):
            # The statement would replace the text of an AttributeError.
            raise ImportError(message, name=module)
        raise AttributeError(message)

    return get_attribute


class MissingModuleFinder:
    """Finds modules of packages that Run Studio does not have, and explains others.

    The last finder. `importlib.util.find_spec` gets None for a module that does not
    exist: it only asks whether there is such a module.
    """

    def find_spec(
        self, name: str, _path: Any = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith("azureml."):
            return None
        from studio.compat.unavailable import find_module

        found = find_module(name)
        if found is not None:
            return found
        # The caller is the search of `importlib`, and its caller is the import.
        search = sys._getframe(1)
        is_import = search.f_back is not None and is_importlib(search.f_back)
        if is_import and name not in MODULES:
            raise ModuleNotFoundError(missing_module_message(name), name=name)
        return None
