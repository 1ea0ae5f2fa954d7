"""The workspace that a script logs to, and the config.json that names it."""

from studio.sdk.workspace.config_file import WorkspaceConfig, find_config
from studio.sdk.workspace.config_file import write_file as write_config_file
from studio.sdk.workspace.workspace import NO_GROUP, NO_SUBSCRIPTION, Workspace

__all__ = [
    "NO_GROUP",
    "NO_SUBSCRIPTION",
    "Workspace",
    "WorkspaceConfig",
    "find_config",
    "write_config_file",
]
