"""The errors of sweeps, under the names that v1 scripts catch."""

from __future__ import annotations

from studio.sdk.errors import NotSupportedError, UserErrorException


class HyperDriveConfigException(UserErrorException):
    """The configuration of a sweep is wrong: the message says what is allowed."""


class HyperDriveScenarioNotSupportedException(NotSupportedError):
    """A setting of v1 that sweeps do not have; the message tells what to do instead."""


class HyperDriveNotImplementedException(NotSupportedError):
    """Not offered; the message tells what to do instead."""
