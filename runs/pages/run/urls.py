"""The addresses of the run page and its editors."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import RUN_URL
from runs.pages.run.children import children_tab
from runs.pages.run.description import (
    add_picture,
    edit_description,
    restore_run_version,
    show_run_versions,
)
from runs.pages.run.details import details_tab
from runs.pages.run.history import history_tab
from runs.pages.run.lineage import lineage_tab
from runs.pages.run.list_row_editors import edit_row_name, edit_row_tags
from runs.pages.run.name_editor import edit_name
from runs.pages.run.tags import edit_tags, suggest_tags
from runs.pages.run.toolbar import (
    archive_run_page,
    cancel_run,
    finish_run,
    force_cancel_run,
    force_stop_run,
    lock_run_page,
    move_run_to_trash,
    pin_color_of_run,
    restore_run_from_trash,
)

urlpatterns: list[URLPattern] = [
    path(RUN_URL, details_tab, name="run"),
    path(f"{RUN_URL}children/", children_tab, name="run-children"),
    path(f"{RUN_URL}lineage/", lineage_tab, name="run-lineage"),
    path(f"{RUN_URL}cancel/", cancel_run, name="run-cancel"),
    path(f"{RUN_URL}force/", force_cancel_run, name="run-force"),
    path(f"{RUN_URL}stop/", force_stop_run, name="run-force-stop"),
    path(f"{RUN_URL}finish/", finish_run, name="run-finish"),
    path(f"{RUN_URL}archive/", archive_run_page, name="run-set-archived"),
    path(f"{RUN_URL}color/", pin_color_of_run, name="run-color"),
    path(f"{RUN_URL}lock/", lock_run_page, name="run-lock"),
    path(f"{RUN_URL}trash/", move_run_to_trash, name="run-trash"),
    path(f"{RUN_URL}restore/", restore_run_from_trash, name="run-restore"),
    path(f"{RUN_URL}name/", edit_name, name="run-name"),
    path(f"{RUN_URL}tags/", edit_tags, name="run-tags"),
    path(f"{RUN_URL}tags/known/", suggest_tags, name="run-tags-known"),
    path(f"{RUN_URL}history/", history_tab, name="run-history"),
    path(f"{RUN_URL}row/name/", edit_row_name, name="row-name"),
    path(f"{RUN_URL}row/tags/", edit_row_tags, name="row-tags"),
    path(f"{RUN_URL}description/", edit_description, name="run-description"),
    path(
        f"{RUN_URL}description/pictures/", add_picture, name="run-description-pictures"
    ),
    path(
        f"{RUN_URL}description/versions/",
        show_run_versions,
        name="run-description-versions",
    ),
    path(
        f"{RUN_URL}description/versions/restore/",
        restore_run_version,
        name="run-description-restore",
    ),
]
