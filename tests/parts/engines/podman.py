"""An image without files; Podman starts containers of it on this machine."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

#: Gives the image the programs of this machine.
USR = ("--volume", "/usr:/usr:ro")
#: Where Podman's defaults do not work: without nftables, or without cgroup v2.
_CONFIGURATION = """\
[containers]
netns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@dataclass(frozen=True)
class PodmanImage:
    """Its name, and the variables with which containers of it start here."""

    name: str
    variables: dict[str, str]

    def containers(self) -> str:
        filters = ("--filter", f"ancestor={self.name}")
        words = ["podman", "ps", "--all", "--quiet", *filters]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@contextmanager
def podman_image(folder: Path) -> Iterator[PodmanImage]:
    """Skips where Podman can't start containers. `folder` is for its configuration."""
    name = f"localhost/run-studio-test:{uuid.uuid4().hex}"
    configuration = folder / "containers.conf"
    configuration.write_text(_CONFIGURATION)
    reason = "Podman is missing. As root: apt-get install podman"
    for own in ({}, {"CONTAINERS_CONF": str(configuration)}):
        variables = {"PODMAN_IGNORE_CGROUPSV1_WARNING": "1", **own}
        with pytest.MonkeyPatch.context() as patch:
            for key, value in variables.items():
                patch.setenv(key, value)
            try:
                _run("import", "-", name, content=_empty_image())
                _run("run", "--rm", *USR, name, "/usr/bin/python3", "-V")
            except FileNotFoundError:
                break
            except subprocess.CalledProcessError as error:
                reason = f"Podman can't start containers here: {error.stderr.decode()}"
                continue
            yield PodmanImage(name, variables)
            _run("rmi", name)
            return
    if shutil.which("podman"):
        subprocess.run(["podman", "rmi", name], capture_output=True, check=False)
    pytest.skip(reason)


def _run(*words: str, content: bytes | None = None) -> None:
    words = ("podman", *words)
    subprocess.run(words, input=content, capture_output=True, check=True)


def _empty_image() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in ("usr", "tmp"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
            archive.addfile(folder)
        for name in ("bin", "lib", "lib64"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            archive.addfile(link)
    return content.getvalue()
