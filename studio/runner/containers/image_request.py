"""What the definition of a run says of its image."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.runner.environments import EnvironmentFailed

#: v1's default. The engines' own 64 MB are too small for PyTorch's data loaders.
DEFAULT_SHM_SIZE = "2g"


@dataclass(frozen=True)
class ImageRequest:
    """An image by its name, or the content of a Dockerfile; and options of `run`."""

    image: str
    dockerfile: str = ""
    arguments: tuple[str, ...] = ()
    shm_size: str = DEFAULT_SHM_SIZE

    @property
    def title(self) -> str:
        """For sentences."""
        return f"the image {self.image}" if self.image else "the image of a Dockerfile"


def read_image_request(definition: Mapping[str, Any]) -> ImageRequest | None:
    """The image that the run needs; None if it uses this machine's interpreter.

    Raises EnvironmentFailed for settings that cannot be used.
    """
    environment = definition.get("environment") or {}
    image, run = environment.get("docker") or {}, definition.get("docker") or {}
    if not (run.get("useDocker") or image.get("enabled")):
        return None
    if image.get("buildContext"):
        raise EnvironmentFailed(
            "environment.docker.build_context is not supported. Give base_dockerfile "
            "the text of the Dockerfile: its COPY reads the submitted folder."
        )
    name, dockerfile = str(image.get("baseImage") or ""), image.get("baseDockerfile")
    if not name and not dockerfile:
        return None
    return ImageRequest(
        "" if dockerfile else _with_registry(name, image.get("baseImageRegistry")),
        str(dockerfile or ""),
        (*_words(image.get("arguments")), *_words(run.get("arguments"))),
        str(run.get("shmSize") or image.get("shmSize") or DEFAULT_SHM_SIZE),
    )


def _with_registry(name: str, registry: Mapping[str, Any] | None) -> str:
    address = str((registry or {}).get("address") or "").strip("/")
    return f"{address}/{name}" if address and not name.startswith(address) else name


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        try:
            return shlex.split(value)
        except ValueError as error:
            raise EnvironmentFailed(
                "The arguments of docker have a quotation mark that is not closed. "
                "Close it."
            ) from error
    return [str(word) for word in value or ()]
