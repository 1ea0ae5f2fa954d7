"""Convert views, revisions and differences to replies of the REST API."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from runs.access import StudioRequest, signed_in_user, workspace_of
from runs.api.v1.schemas import DifferenceInfo, RevisionInfo, ViewDiff, ViewInfo
from runs.models import Experiment, View, ViewRevision, view_list_name
from runs.render.filters import (
    deleted_items_text,
    difference_lines,
    summarize_differences,
)
from runs.search.views import (
    find_missing_columns,
    find_missing_list,
    find_missing_runs,
    find_revision,
    find_view,
)
from studio.core.errors import Conflict, InvalidValue, NotFound
from studio.core.view_differences import LIST_DEFAULT, Difference, differences
from studio.core.view_spec import ParameterWarning, ViewSpec, read_stored


def view_list_info(view: View) -> ViewInfo:
    """Convert a view for a list, without looking up what is missing."""
    spec, complaints = read_stored(view.spec)
    return _build_view_info(view, spec, [each.message for each in complaints])


def view_info(request: StudioRequest, view: View) -> ViewInfo:
    spec, complaints = read_stored(view.spec)
    return _build_view_info(
        view, spec, missing_part_messages(request, view, spec, complaints)
    )


def _build_view_info(view: View, spec: ViewSpec, missing: list[str]) -> ViewInfo:
    return ViewInfo(
        slug=view.slug,
        name=view.name,
        description=view.description,
        owner=view.owner.username if view.owner else None,
        shared=view.shared,
        locked=view.locked,
        starred=bool(getattr(view, "starred", False)),
        experiment=listed_experiment_name(view),
        revision=view.revision,
        state=view.spec,
        query=spec.to_query(),
        missing=missing,
        created=view.created,
        updated=view.updated,
    )


def listed_experiment_name(kept: View | ViewRevision) -> str | None:
    """Return the name of the experiment that it lists; None for All runs."""
    return view_list_name(kept) or None


def missing_part_messages(
    request: StudioRequest,
    view: View,
    spec: ViewSpec,
    complaints: Iterable[ParameterWarning],
) -> list[str]:
    """Return messages about unreadable and missing parts of a view."""
    workspace, user = workspace_of(request), signed_in_user(request)
    found = [
        *find_missing_list(view),
        *find_missing_columns((column.field for column in spec.columns), workspace),
        *find_missing_runs(spec, workspace, user),
    ]
    kinds: dict[str, list[str]] = {}
    for each in found:
        kinds.setdefault(each.kind, []).append(each.name)
    missing = [deleted_items_text(kind, names) for kind, names in kinds.items()]
    return [*(each.message for each in complaints), *missing]


def revision_info(revision: ViewRevision) -> RevisionInfo:
    return RevisionInfo(
        number=revision.number,
        time=revision.time,
        author=revision.author.username if revision.author else None,
        experiment=listed_experiment_name(revision),
        state=revision.spec,
        restored=revision.restored,
    )


def compare_versions(old: View | ViewRevision, new: View | ViewRevision) -> ViewDiff:
    found = [
        *differences(read_stored(old.spec)[0], read_stored(new.spec)[0]),
        *list_differences(listed_experiment_name(old), listed_experiment_name(new)),
    ]
    return view_diff_reply(found)


def list_differences(old: str | None, new: str | None) -> list[Difference]:
    return (
        [Difference("list", old or LIST_DEFAULT, new or LIST_DEFAULT)]
        if old != new
        else []
    )


def view_diff_reply(found: Iterable[Difference]) -> ViewDiff:
    found = list(found)
    lines = difference_lines(found)
    return ViewDiff(
        summarize_differences(found),
        [
            DifferenceInfo(each.part, each.before, each.after, line.text)
            for each, line in zip(found, lines, strict=True)
        ],
    )


def explain_conflict(
    request: StudioRequest, view: View, seen_version: int, error: Conflict
) -> Conflict:
    """Return the conflict with the changes since the caller's version."""
    user = signed_in_user(request)
    # The caller's object may be older than the revision that caused the conflict.
    now = find_view(view.slug, user, workspace_of(request))
    try:
        diff = compare_versions(find_revision(view, user, seen_version), now)
    # The caller's version doesn't exist or isn't theirs to read, so there is no diff.
    except NotFound:
        diff = ViewDiff("", [])
    newest = find_revision(view, user, now.revision)
    return Conflict(
        error.message,
        now=now.revision,
        by=newest.author.username if newest.author else None,
        summary=diff.summary,
        differences=[each.text for each in diff.differences],
    )


def require_experiment(request: StudioRequest, name: str | None) -> Experiment | None:
    """Return the experiment of that name; raise InvalidValue if it does not exist."""
    found = find_experiment_by_name(request, name)
    if name is None or (found is not None and found.deleted is None):
        return found
    if found is not None:
        raise InvalidValue(
            _(
                "The experiment %(name)r is in the trash. Restore it, use another "
                "name, or leave it out for All runs."
            )
            % {"name": name},
            field="experiment",
        )
    raise InvalidValue(
        _(
            "The experiment %(name)r doesn't exist. Create it, use another name, or "
            "leave it out for All runs."
        )
        % {"name": name},
        field="experiment",
    )


def find_experiment_by_name(
    request: StudioRequest, name: str | None
) -> Experiment | None:
    """Return the experiment of that name, in the trash or not; None if not found."""
    # No experiment has such a name, and PostgreSQL refuses to look for NUL.
    if name is None or not name.isprintable():
        return None
    rows = Experiment.objects.filter(workspace=workspace_of(request))
    return rows.filter(name=name).first()


def resolve_listed_experiment(
    request: StudioRequest, name: str | None, view: View | None
) -> tuple[Experiment | None, str]:
    """Return the experiment that a view will list, and its name.

    `view` can keep its list even if the experiment is deleted. Another experiment must
    exist, otherwise InvalidValue is raised.
    """
    if view is not None and name is not None and listed_experiment_name(view) == name:
        return find_experiment_by_name(request, name), name
    return require_experiment(request, name), name or ""
