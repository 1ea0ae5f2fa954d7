"""What a filter needs to know next to its text: who asks, where, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from runs.models import Key, KeyKind, User, Workspace
from studio.core.filters import tree
from studio.core.filters.tree import Field

KINDS: Mapping[str, KeyKind] = {
    tree.TAGS: KeyKind.TAG,
    tree.PARAMS: KeyKind.PARAM,
    tree.PROPERTIES: KeyKind.PROPERTY,
    tree.METRICS: KeyKind.METRIC,
}
#: The names under which clients record the git commit.
COMMITS = (
    Field(tree.TAGS, "mlflow.source.git.commit"),
    Field(tree.PROPERTIES, "azureml.git.commit"),
)


@dataclass(frozen=True)
class Scope:
    """`keys` are the interned names that the question needs, by kind and name."""

    viewer: User
    workspace: Workspace
    now: int
    keys: Mapping[tuple[str, str], int]

    def key(self, field: Field) -> int | None:
        """The primary key of the field's name; None if no run has ever used it."""
        return self.keys.get((KINDS[field.kind].value, field.key))


def make_scope(
    viewer: User, workspace: Workspace, now: int, fields: Iterable[Field]
) -> Scope:
    """The scope for a question that names `fields`; one query looks the names up."""
    names: dict[KeyKind, set[str]] = {}
    for field in {*fields, *COMMITS}:
        if field.kind in KINDS:
            names.setdefault(KINDS[field.kind], set()).add(field.key)
    wanted = Q(pk__in=())
    for kind, keys in names.items():
        wanted |= Q(kind=kind, name__in=sorted(keys))
    rows = Key.objects.filter(wanted, workspace=workspace)
    found = {
        (kind, name): pk for kind, name, pk in rows.values_list("kind", "name", "pk")
    }
    return Scope(viewer, workspace, now, found)
