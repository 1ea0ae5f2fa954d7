"""The errors that scripts of the v1 SDK catch, as kinds of our own.

Whatever the server refuses is the same-named error of `studio.core.errors`; all of
them, and these, are `AzureMLException`.
"""

from __future__ import annotations

from studio.core.errors import InvalidValue, NotSupported, SignInRequired, StudioError

#: The root of all, under the name that v1 scripts catch.
AzureMLException = StudioError
ServiceException = StudioError
AuthenticationException = SignInRequired


class UserErrorException(InvalidValue):
    """The call itself is wrong: the message says what is allowed."""

    code = "UserError"


class RunEnvironmentException(StudioError):
    """There is no run here: nothing of a run is in the environment."""

    code = "RunEnvironment"


class ActivityFailedException(StudioError):
    """The run that was waited for has failed; the message is its error as JSON."""

    code = "ActivityFailed"


class ExperimentExecutionException(StudioError):
    """A run cannot be started so, or waiting for it was interrupted."""

    code = "ExperimentExecution"


class ComputeTargetException(StudioError):
    """The compute target is not there."""

    code = "ComputeTarget"


class SnapshotException(StudioError):
    """The source files cannot be kept, or there are none."""

    code = "Snapshot"


class WorkspaceException(StudioError):
    """The workspace is not there, or may not be used."""

    code = "Workspace"


class NotSupportedError(NotSupported):
    """Not offered here; the message says what to do instead."""
