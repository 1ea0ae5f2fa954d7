"""The errors that scripts of the v1 SDK catch, as classes of this SDK.

Errors of the server are the classes of `studio.core.errors`. All of those, and these,
are `AzureMLException`.
"""

from __future__ import annotations

from studio.core.errors import InvalidValue, NotSupported, SignInRequired, StudioError

#: The base class of all errors, under the name that v1 scripts catch.
AzureMLException = StudioError
ServiceException = StudioError
AuthenticationException = SignInRequired


class UserErrorException(InvalidValue):
    """The call itself is wrong: the message says what is allowed."""

    code = "UserError"


class RunEnvironmentException(StudioError):
    """The environment does not name a run."""

    code = "RunEnvironment"


class ActivityFailedException(StudioError):
    """The awaited run has failed; the message is its error as JSON."""

    code = "ActivityFailed"


class ExperimentExecutionException(StudioError):
    """A run cannot be started, or waiting for it was interrupted."""

    code = "ExperimentExecution"


class ComputeTargetException(StudioError):
    """The compute target does not exist."""

    code = "ComputeTarget"


class ModelNotFoundException(StudioError):
    """The model does not exist."""

    code = "ModelNotFound"


class SnapshotException(StudioError):
    """The source files cannot be stored, or there are none."""

    code = "Snapshot"


class WorkspaceException(StudioError):
    """The workspace does not exist, or you cannot use it."""

    code = "Workspace"


class ProjectSystemException(WorkspaceException):
    """The folder is not attached to a workspace."""

    code = "ProjectSystem"


class RunCanceled(KeyboardInterrupt):
    """The run was canceled, and its script should end.

    Raised once in the main thread. As a KeyboardInterrupt it passes `except Exception`.
    """

    def __init__(self, run_id: str = "") -> None:
        name = f"Run {run_id}" if run_id else "The run"
        super().__init__(f"{name} was canceled.")
        self.run_id = run_id


class NotSupportedError(NotSupported):
    """Not offered; the message tells what to do instead."""
