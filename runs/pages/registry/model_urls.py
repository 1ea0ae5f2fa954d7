"""The addresses of one registered model and of its versions."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.registry.model_aliases import edit_alias, remove_alias_of_model
from runs.pages.registry.model_changes import model_activity
from runs.pages.registry.model_details import (
    edit_model_description,
    edit_model_tags,
    model_details,
    restore_model_description,
    show_model_description_versions,
)
from runs.pages.registry.model_lineage import model_lineage
from runs.pages.registry.model_register import register_model_version
from runs.pages.registry.model_settings import (
    delete_this_model,
    rename_this_model,
)
from runs.pages.registry.model_shell import MODEL_URL, VERSION_URL
from runs.pages.registry.model_version import (
    download_version,
    version_file,
    version_page,
)
from runs.pages.registry.model_version_edits import (
    delete_this_version,
    edit_version_description,
    edit_version_stage,
    edit_version_tags,
)
from runs.pages.registry.model_versions import download_versions, model_versions

model_urlpatterns: list[URLPattern] = [
    path(MODEL_URL, model_versions, name="model"),
    path(f"{MODEL_URL}versions.csv", download_versions, name="model-versions-csv"),
    path(f"{MODEL_URL}details/", model_details, name="model-details"),
    path(f"{MODEL_URL}lineage/", model_lineage, name="model-lineage"),
    path(f"{MODEL_URL}activity/", model_activity, name="model-activity"),
    path(f"{MODEL_URL}description/", edit_model_description, name="model-description"),
    path(
        f"{MODEL_URL}description/versions/",
        show_model_description_versions,
        name="model-description-versions",
    ),
    path(
        f"{MODEL_URL}description/versions/restore/",
        restore_model_description,
        name="model-description-restore",
    ),
    path(f"{MODEL_URL}tags/", edit_model_tags, name="model-tags"),
    path(f"{MODEL_URL}aliases/", edit_alias, name="model-alias"),
    path(
        f"{MODEL_URL}aliases/remove/", remove_alias_of_model, name="model-alias-remove"
    ),
    path(f"{MODEL_URL}register/", register_model_version, name="model-register"),
    path(f"{MODEL_URL}rename/", rename_this_model, name="model-rename"),
    path(f"{MODEL_URL}delete/", delete_this_model, name="model-delete"),
    path(VERSION_URL, version_page, name="model-version"),
    path(f"{VERSION_URL}all.zip", download_version, name="model-version-zip"),
    path(f"{VERSION_URL}files/<path:path>", version_file, name="model-version-file"),
    path(
        f"{VERSION_URL}description/",
        edit_version_description,
        name="model-version-description",
    ),
    path(f"{VERSION_URL}tags/", edit_version_tags, name="model-version-tags"),
    path(f"{VERSION_URL}stage/", edit_version_stage, name="model-version-stage"),
    path(f"{VERSION_URL}delete/", delete_this_version, name="model-version-delete"),
]
