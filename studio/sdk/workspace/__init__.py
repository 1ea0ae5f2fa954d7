"""The workspace that a script logs to, and the config.json that names it."""

from studio.sdk.workspace.workspace import Workspace

__all__ = ["Workspace"]
