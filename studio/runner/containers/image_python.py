"""The Python of an image, and its packages."""

from __future__ import annotations

import json

from studio.core.script_variables import STANDALONE_FOLDER
from studio.runner.containers.engine import ENGINE_FAILED, Engine, last_line
from studio.runner.containers.image_request import ImageRequest
from studio.runner.containers.run_options import common_options
from studio.runner.environments import EnvironmentFailed
from studio.sdk.run_record import PythonFacts

#: Old versions of Python cannot import the SDK.
_PROBE = """
import json, sys
try:
    from studio.sdk.run_record import this_python
    packages = list(this_python().packages)
except Exception:
    packages = []
print(json.dumps([sys.version.split()[0], sys.executable, packages]))
"""
_SHELL = """
for name in python python3; do
    if command -v "$name" >/dev/null; then exec "$name" -c "$0"; fi
done
exit 127
"""


def find_python(
    engine: Engine, image: str, request: ImageRequest, interpreter: str
) -> PythonFacts | None:
    """The interpreter of the image; None if it has none.

    Raises EnvironmentFailed if no container starts.
    """
    options = [*common_options(engine, request), *request.arguments]
    options += ["--env", f"PYTHONPATH={STANDALONE_FOLDER}"]
    is_default = interpreter in ("", "python")
    words = ["sh", "-c", _SHELL, _PROBE] if is_default else [interpreter, "-c", _PROBE]
    done = engine.query("run", *options, image, *words)
    if done.returncode == ENGINE_FAILED:
        raise EnvironmentFailed(
            f"{engine.name} cannot start a container of {request.title}: "
            f"{last_line(done.stderr)}. Change the image, or the settings of docker."
        )
    try:
        version, executable, packages = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return PythonFacts(str(version), str(executable), tuple(map(str, packages)))
