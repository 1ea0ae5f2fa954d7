"""Errors for scripts that use what this `azureml` does not have.

The protocol is that of every module: a missing name is an AttributeError, and a missing
module is not found. Programs rely on it: `hasattr`, `find_spec`, pickling. Only an
import statement gets an ImportError, with a sentence that lists what exists.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, ModuleType
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
    """The `__getattr__` of a module that has only `names`."""

    def get_attribute(name: str) -> Any:
        # Python looks for optional names such as `__path__`.
        if name.startswith("__"):
            raise AttributeError(name)
        message = (
            f"Run Studio's {module} has no {name!r}. It has {', '.join(sorted(names))}."
        )
        if _is_import_from(sys._getframe(1)):
            # The statement would replace the text of an AttributeError.
            raise ImportError(message, name=module)
        raise AttributeError(message)

    return get_attribute


def _is_import_from(frame: FrameType) -> bool:
    """Whether the frame executes `from module import name` now."""
    from opcode import EXTENDED_ARG, opmap

    code, position = frame.f_code.co_code, frame.f_lasti
    # Before Python 3.11 the position is that of a long argument's first part.
    while 0 <= position < len(code) and code[position] == EXTENDED_ARG:
        position += 2
    return 0 <= position < len(code) and code[position] == opmap["IMPORT_FROM"]


class MissingModuleFinder:
    """Explains an import of a module that does not exist. The last finder.

    `importlib.util.find_spec` gets None: it only asks whether there is such a module.
    """

    def find_spec(
        self, name: str, _path: Any = None, _target: ModuleType | None = None
    ) -> None:
        # The caller is the search of `importlib`, and its caller is the import.
        search = sys._getframe(1)
        is_import = search.f_back is not None and _is_importlib(search.f_back)
        if is_import and name.startswith("azureml.") and name not in MODULES:
            raise ModuleNotFoundError(missing_module_message(name), name=name)


def _is_importlib(frame: FrameType) -> bool:
    # The name that it has before and after `import importlib`.
    names = ("_frozen_importlib", "importlib._bootstrap")
    return frame.f_globals.get("__name__") in names
