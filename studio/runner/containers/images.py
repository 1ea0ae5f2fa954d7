"""From a request to an image that this machine has: found, pulled or built."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.runner.containers.engine import (
    Engine,
    engine_environment,
    find_engine,
)
from studio.runner.containers.image_python import find_python
from studio.runner.containers.image_request import ImageRequest
from studio.runner.environments import (
    CachedEnvironment,
    EnvironmentFailed,
    Requirements,
    RunCommand,
    WaitingNote,
    delete_unused,
    packages_for_pip,
    read_packages,
)
from studio.sdk.run_record import PythonFacts

BUILT_NAME = "localhost/run-studio-environment"
CACHE_LABEL = "run-studio.cache"
#: Instructions whose result depends on the submitted folder.
_COPYING = re.compile(
    r"^\s*(COPY|ADD)\s|--mount=type=bind", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True)
class PreparedImage:
    """An image of this machine, by the name that its engine knows.

    `variables` are the image's own.
    """

    engine: Engine
    name: str
    digest: str
    variables: Mapping[str, str]
    python: PythonFacts | None = None

    @property
    def interpreter(self) -> str:
        return self.python.executable if self.python else "python"


@dataclass(frozen=True)
class _Preparation:
    """What each step of the preparation needs."""

    engine: Engine
    request: ImageRequest
    code: Path
    cache: Path
    run: RunCommand
    note: Callable[[str], None]


def prepare_image(
    request: ImageRequest,
    definition: Mapping[str, Any],
    code: Path,
    cache: Path,
    *,
    run: RunCommand,
    note: Callable[[str], None],
) -> PreparedImage:
    """Find, pull or build the image. `note` gets lines for the log of the build.

    Raises EnvironmentFailed.
    """
    engine = find_engine(request.title)
    step = _Preparation(engine, request, code, cache, run, note)
    python = (definition.get("environment") or {}).get("python") or {}
    requirements = Requirements()
    if not python.get("userManagedDependencies"):
        requirements = packages_for_pip(read_packages(python, code, note), note)
    if request.dockerfile or requirements.pip:
        image = _get_or_build(step, requirements)
    else:
        image = _get_or_pull(step)
    found = find_python(
        engine, image.name, request, str(python.get("interpreterPath") or "")
    )
    if found is None and definition.get("script"):
        raise EnvironmentFailed(
            f"{_capital(request.title)} has no Python. Name it with "
            "environment.python.interpreter_path, or choose another image."
        )
    note(f"{_capital(request.title)} is used by {engine.name}: {image.digest}.")
    return replace(image, python=found)


def _get_or_pull(step: _Preparation) -> PreparedImage:
    name = _full_name(step.request.image)
    # One of this machine's own can have any name.
    names = dict.fromkeys((step.request.image, name))
    found = (_find_image(step.engine, one) for one in names)
    image = next(filter(None, found), None)
    if image is None:
        _run_engine(
            step,
            ["pull", name],
            f"{_capital(step.request.title)} could not be pulled",
            "check its name, and whether this machine can reach and read its registry",
        )
        image = _find_image(step.engine, name)
    if image is None:
        raise EnvironmentFailed(f"{step.engine.name} does not find the image {name}.")
    return image


def _get_or_build(step: _Preparation, requirements: Requirements) -> PreparedImage:
    """The image of a Dockerfile, or with more packages: built once."""
    text = step.request.dockerfile
    if not text:
        text = f"FROM {_get_or_pull(step).name}\n"
    text += _install_packages(requirements, step.code)
    key = _key(text, requirements, step.code)
    name = f"{BUILT_NAME}:{key}"
    cached = CachedEnvironment(step.cache, key)
    try:
        # First, so that another run does not delete the image as unused.
        cached.use()
        image = _find_image(step.engine, name) if cached.is_ready else None
        if image is None:
            with cached.locked(WaitingNote(step.note, step.run, step.code)):
                # Before the build: a new image that is not in use would be deleted.
                cached.folder.mkdir(exist_ok=True)
                cached.mark_as_ready()
                image = _find_image(step.engine, name)
                if image is None:
                    delete_unused_images(step.engine, step.cache)
                    image = _build(step, name, text)
    except OSError as error:
        raise EnvironmentFailed(
            f"The image cannot be built in {cached.folder.parent}: "
            f"{error.strerror or error}. Free some space, or name another folder in "
            "STUDIO_CACHE."
        ) from error
    return image


def _build(step: _Preparation, name: str, text: str) -> PreparedImage:
    file = step.cache / "environments" / f"{name.rpartition(':')[2]}.dockerfile"
    file.write_text(text, encoding="utf-8")
    try:
        for line in text.splitlines():
            step.note(f"| {line}")
        label = f"{CACHE_LABEL}={step.cache}"
        words = ["build", "--force-rm", "--tag", name, "--label", label]
        _run_engine(
            step,
            [*words, "--file", str(file), str(step.code)],
            "The image could not be built",
            "change the Dockerfile or the packages",
        )
    finally:
        file.unlink(missing_ok=True)
    image = _find_image(step.engine, name)
    if image is None:
        raise EnvironmentFailed(f"{step.engine.name} does not find the built image.")
    return image


def delete_unused_images(engine: Engine, cache: Path) -> None:
    """Delete the images that no run used for a month, and what they alone need."""
    delete_unused(cache)
    words = ("images", "--filter", f"label={CACHE_LABEL}={cache}")
    listed = engine.query(*words, "--format", "{{.Repository}}:{{.Tag}}")
    for name in listed.stdout.split():
        if name.startswith(f"{BUILT_NAME}:"):
            key = name.rpartition(":")[2]
            if not CachedEnvironment(cache, key).is_ready:
                engine.query("rmi", name)


def _run_engine(
    step: _Preparation, words: list[str], failure: str, advice: str
) -> None:
    """Run a command of the engine, with its output in the log of the build."""
    command = [step.engine.program, *words]
    step.note(f"$ {shlex.join([step.engine.name, *words])}")
    code = step.run(command, engine_environment(), step.code)
    if code:
        raise EnvironmentFailed(
            f"{failure}: {step.engine.name} ended with exit code {code}. See "
            f"azureml-logs/20_image_build_log.txt, and {advice}."
        )


def _find_image(engine: Engine, name: str) -> PreparedImage | None:
    done = engine.query("image", "inspect", name)
    if done.returncode != 0:
        return None
    with contextlib.suppress(ValueError, LookupError, AttributeError):
        content = json.loads(done.stdout)[0]
        lines = (content.get("Config") or {}).get("Env") or ()
        variables = dict(line.split("=", 1) for line in lines if "=" in line)
        return PreparedImage(engine, name, str(content["Id"]), variables)
    return None


def _install_packages(requirements: Requirements, code: Path) -> str:
    """The instructions that install them with pip of the image's own Python."""
    if not requirements.pip:
        return ""
    mount = ""
    if any(line.is_in_code for line in requirements.pip):
        mount = f"--mount=type=bind,source=.,target={code},rw "
    lines = " ".join(shlex.quote(line.placed_in(code)) for line in requirements.pip)
    file = "/tmp/run-studio-requirements.txt"  # noqa: S108 (in the image)
    return (
        "\nUSER 0\n"
        # Without the variable, Debian's Python refuses to install anything.
        f"RUN {mount}printf '%s\\n' {lines} > {file} "
        "&& PIP_BREAK_SYSTEM_PACKAGES=1 "
        '"$(command -v python || command -v python3)" -m pip install '
        f"--disable-pip-version-check --no-input --no-cache-dir -r {file} "
        f"&& rm {file}\n"
    )


def _key(text: str, requirements: Requirements, code: Path) -> str:
    """A hash: the same Dockerfile with the same files has the same."""
    # The working copy of each run is elsewhere.
    parts = [
        text.replace(str(code), "."),
        *(one.content(code) for one in requirements.pip),
    ]
    if _COPYING.search(text):
        for file in sorted(code.rglob("*")):
            if file.is_file():
                digest = hashlib.sha256(file.read_bytes()).hexdigest()
                parts.append(f"{file.relative_to(code)} {digest}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _full_name(name: str) -> str:
    """The name with its registry: by default Docker's, as Docker itself has it."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def _capital(title: str) -> str:
    return title[0].upper() + title[1:]
