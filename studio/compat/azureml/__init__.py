"""The names of the v1 SDK, answered by Run Studio.

A real azureml-core is never hidden: where one is installed, importing this raises
ImportError with what to do.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from types import ModuleType
from typing import Any

from studio.compat.missing import THERE, missing_module


def _refuse_to_hide() -> None:
    try:
        version = importlib.metadata.version("azureml-core")
    except importlib.metadata.PackageNotFoundError:
        return
    raise ImportError(
        f"azureml-core {version} is installed in this environment, and Run Studio's "
        "`azureml` does not take its place. To log to Run Studio: `pip uninstall "
        "azureml-core`. To log to Azure: remove Run Studio's folder from PYTHONPATH."
    )


_refuse_to_hide()


class _Elsewhere:
    """Says what exists when a script imports what does not. The last of the finders."""

    def find_spec(
        self, name: str, _path: Any = None, _target: ModuleType | None = None
    ) -> None:
        if name.startswith("azureml.") and name not in THERE:
            raise ModuleNotFoundError(missing_module(name), name=name)


sys.meta_path.append(_Elsewhere())
