"""Options of `podman run` and `docker run` that each container of a run gets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import studio
from studio.runner.containers.engine import Engine
from studio.runner.containers.image_request import ImageRequest

#: The package that the SDK and the shim of a script are in.
PACKAGE_FOLDER = Path(studio.__file__).resolve().parent


def common_options(engine: Engine, request: ImageRequest) -> Iterator[str]:
    """What a look at the image and the script itself need."""
    yield from ("--rm", "--log-driver", "none", "--security-opt", "label=disable")
    yield from ("--user", engine.user, "--entrypoint", "")
    yield from ("--shm-size", request.shm_size)
    yield from mount_option(PACKAGE_FOLDER, is_writable=False)
    if not _names_network(request.arguments):
        # The server can be on this machine, known as 127.0.0.1.
        yield from ("--network", "host")


def mount_option(path: Path, *, is_writable: bool = True) -> Iterator[str]:
    """The words that mount a file or folder of this machine under the same path."""
    fields = ["type=bind", f"source={path}", f"target={path}"]
    if not is_writable:
        fields.append("readonly")
    line = io.StringIO()
    # Paths can contain commas.
    csv.writer(line, lineterminator="").writerow(fields)
    yield from ("--mount", line.getvalue())


def _names_network(arguments: Sequence[str]) -> bool:
    return any(word.startswith(("--network", "--net")) for word in arguments)
