"""The versions of a description: what its change sets kept."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from runs.models import ApiToken, Change, Experiment, RegisteredModel, Run, User
from studio.core.errors import NotFound

FIELD = "description"
#: Older ones are kept, but not listed; nor counted next to the text.
MAX_VERSIONS, MAX_COUNTED = 200, 20

Described = Run | Experiment | RegisteredModel


@dataclass(frozen=True)
class DescriptionVersion:
    """A version by its number: that of the change that made it, 0 for the first.

    The author of the text before the first change is unknown.
    """

    number: int
    time: int
    who: User | None = None
    token: ApiToken | None = None
    action: str = ""


@dataclass(frozen=True)
class LastVersion:
    """Who wrote what stands there now, and how many versions there were."""

    revision: DescriptionVersion
    count: int
    more: bool = False


def find_last_version(described: Described) -> LastVersion | None:
    """One query; None if the description was never changed."""
    found, more = list_versions(described, MAX_COUNTED)
    if not found or not found[0].number:
        return None
    return LastVersion(found[0], len(found), more)


def list_versions(
    described: Described, most: int = MAX_VERSIONS
) -> tuple[list[DescriptionVersion], bool]:
    """The newest first, without their texts; and whether there are more. One query."""
    rows = list(
        _description_changes(described)
        # Only whether there was a text: the texts themselves can be long.
        .annotate(began=Case(When(_EMPTY, then=Value(False)), default=Value(True)))
        .defer("before", "after")
        .select_related("change_set__actor", "change_set__token")
        .order_by("-pk")[: most + 1]
    )
    shown = [_description_version(row) for row in rows[:most]]
    # The text before the first change is a version, too.
    if len(rows) <= most and rows and rows[-1].began:
        shown.append(DescriptionVersion(0, described.created))
    if not rows and described.description:
        shown.append(DescriptionVersion(0, described.created))
    return shown, len(rows) > most


_EMPTY = Q(before="") | Q(before__isnull=True)


def _description_version(row: Change) -> DescriptionVersion:
    made = row.change_set
    return DescriptionVersion(row.pk, made.time, made.actor, made.token, made.action)


def find_version_texts(described: Described, number: int) -> tuple[str, str]:
    """What stood there before that version, and the version; raises NotFound."""
    rows = _description_changes(described).order_by("pk").values_list("before", "after")
    if number:
        row = rows.filter(pk=number).first()
    else:
        first = rows.first()
        row = ("", first[0] if first else described.description)
    if row is None:
        raise NotFound(_("This version of the description doesn't exist."))
    return str(row[0] or ""), str(row[1] or "")


def _description_changes(described: Described) -> QuerySet[Change]:
    rows = Change.objects.filter(field=FIELD)
    if isinstance(described, Run):
        return rows.filter(run=described)
    if isinstance(described, Experiment):
        return rows.filter(experiment=described)
    return rows.filter(registered_model=described)
