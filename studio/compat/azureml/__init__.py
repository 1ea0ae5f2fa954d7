"""The names of the v1 SDK, served by Run Studio.

It never hides a real azureml-core: if one is installed, importing this raises
ImportError with what to do.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from types import ModuleType
from typing import Any

from studio.compat.missing import MODULES, missing_module_message


def _check_for_azureml_core() -> None:
    try:
        version = importlib.metadata.version("azureml-core")
    except importlib.metadata.PackageNotFoundError:
        return
    raise ImportError(
        f"azureml-core {version} is installed in this environment, and Run Studio's "
        "`azureml` does not take its place. To log to Run Studio: `pip uninstall "
        "azureml-core`. To log to Azure: remove Run Studio's folder from PYTHONPATH."
    )


_check_for_azureml_core()


class _MissingModuleFinder:
    """Lists the existing modules if a script imports another. The last finder."""

    def find_spec(
        self, name: str, _path: Any = None, _target: ModuleType | None = None
    ) -> None:
        if name.startswith("azureml.") and name not in MODULES:
            raise ModuleNotFoundError(missing_module_message(name), name=name)


# It comes last, so that existing modules are found first.
sys.meta_path.append(_MissingModuleFinder())
