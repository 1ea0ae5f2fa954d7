"""Fixtures of the tests of compute."""

from tests.api.v1.compute.scene import scene

__all__ = ["scene"]
