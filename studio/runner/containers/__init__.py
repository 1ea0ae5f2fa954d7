"""Runs of images: the engine, the image of a definition, and the container of a script.

Podman is preferred to Docker. `prepare_image` finds or builds the image, `Container`
starts a command in it.
"""

from studio.runner.containers.container import Container
from studio.runner.containers.image_request import ImageRequest, read_image_request
from studio.runner.containers.images import PreparedImage, prepare_image

__all__ = [
    "Container",
    "ImageRequest",
    "PreparedImage",
    "prepare_image",
    "read_image_request",
]
