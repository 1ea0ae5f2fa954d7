"""The names of the v1 SDK, served by Run Studio.

It never hides a real azureml-core: if one is installed, importing this raises
ImportError with what to do. `studio` need not be installed in the interpreter, since it
is the package around this folder.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

_AZUREML_CORE = re.compile(
    r"azureml[_-]core-([^-]+)(?:-.*)?\.(?:dist|egg)-info", re.IGNORECASE
)


def _find_azureml_core() -> str:
    """The version of an installed azureml-core; empty without one.

    `importlib.metadata` reports the same, and takes longer than the rest of the import.
    """
    for folder in sys.path:
        try:
            names = os.listdir(folder or os.curdir)  # noqa: PTH208 (pathlib is slow)
        except OSError:
            continue
        for name in names:
            found = _AZUREML_CORE.fullmatch(name)
            if found:
                return found[1]
    return ""


def _refuse_to_hide_azureml_core() -> None:
    version = _find_azureml_core()
    if version:
        raise ImportError(
            f"azureml-core {version} is installed in this environment, and Run "
            "Studio's `azureml` does not take its place. To log to Run Studio: `pip "
            "uninstall azureml-core`. To log to Azure: remove Run Studio's folder from "
            "PYTHONPATH."
        )


def _find_studio() -> None:
    """Make the `studio` around this folder the one that is imported.

    Another version can be installed in this interpreter, or none. One that the script
    has imported before stays.
    """
    if "studio" in sys.modules:
        return
    package = Path(__file__).resolve().parents[2]
    try:
        import studio

        place = studio.__file__
    except ModuleNotFoundError:
        place = None
    if place is None or Path(place).resolve().parent != package:
        sys.modules.pop("studio", None)
        # Processes that this one starts with `multiprocessing` get the path, too.
        sys.path.insert(0, str(package / "compat/standalone"))


def _load_studio() -> None:
    """Load the SDK. Raises ImportError with what to do."""
    if sys.version_info < (3, 9):  # noqa: UP036 (the interpreter of any script)
        raise ImportError(
            f"Run Studio needs Python 3.9 or later, and {sys.executable} is older: "
            "start the script with another Python."
        )
    _find_studio()
    try:
        import studio.sdk  # noqa: F401
    except ModuleNotFoundError as error:
        raise ImportError(_explain_missing_module(error.name or "")) from error


def _explain_missing_module(name: str) -> str:
    other = getattr(sys.modules.get("studio"), "__file__", None)
    if name.startswith("studio.") and other:
        return f"{other} hides Run Studio's package `studio`: rename it, or move it."
    package = "run-studio" if name == "studio" else name.partition(".")[0]
    return (
        f"Run Studio needs {package} in the environment of this script: run "
        f"`{sys.executable} -m pip install {package}`."
    )


_refuse_to_hide_azureml_core()
_load_studio()

from studio.compat.missing import MissingModuleFinder  # noqa: E402

# It comes last, so that existing modules are found first.
sys.meta_path.append(MissingModuleFinder())
