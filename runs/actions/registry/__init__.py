"""Create and change registered models, their versions and aliases."""

from __future__ import annotations

from runs.actions.registry.aliases import move_alias, remove_alias
from runs.actions.registry.models import (
    create_model,
    delete_model,
    delete_model_tag,
    rename_model,
    set_model_tag,
    star_model,
    update_model,
)
from runs.actions.registry.properties import add_version_properties
from runs.actions.registry.versions import (
    VersionDetails,
    delete_version,
    delete_version_tag,
    register_version,
    set_stage,
    set_version_tag,
    update_version,
)

__all__ = [
    "VersionDetails",
    "add_version_properties",
    "create_model",
    "delete_model",
    "delete_model_tag",
    "delete_version",
    "delete_version_tag",
    "move_alias",
    "register_version",
    "remove_alias",
    "rename_model",
    "set_model_tag",
    "set_stage",
    "set_version_tag",
    "star_model",
    "update_model",
    "update_version",
]
