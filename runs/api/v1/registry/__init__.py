"""REST: registered models, their versions, aliases and files."""

from __future__ import annotations

from runs.api.v1.registry.files import download_version_file, list_version_files
from runs.api.v1.registry.models import (
    change_model,
    create_model,
    delete_model,
    edit_model_tags,
    get_model,
    list_models,
    move_model_alias,
    remove_model_alias,
    star_model,
    unstar_model,
)
from runs.api.v1.registry.versions import (
    change_version,
    delete_version,
    edit_version_tags,
    get_version,
    list_all_versions,
    list_versions,
    register_version,
)

__all__ = [
    "change_model",
    "change_version",
    "create_model",
    "delete_model",
    "delete_version",
    "download_version_file",
    "edit_model_tags",
    "edit_version_tags",
    "get_model",
    "get_version",
    "list_all_versions",
    "list_models",
    "list_version_files",
    "list_versions",
    "move_model_alias",
    "register_version",
    "remove_model_alias",
    "star_model",
    "unstar_model",
]
