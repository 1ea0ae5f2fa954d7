"""The retention rules of a workspace."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.models import RetentionRule, Workspace
from studio.core.errors import NotFound


def list_retention_rules(workspace: Workspace) -> list[RetentionRule]:
    """Return the rules, the oldest first."""
    rules = RetentionRule.objects.not_deleted().filter(workspace=workspace)
    return list(rules.select_related("author").order_by("pk"))


def find_retention_rule(
    workspace: Workspace, number: int, *, is_deleted: bool = False
) -> RetentionRule:
    """Return a rule that is not deleted, or is; raise NotFound."""
    rules = RetentionRule.objects.filter(
        workspace=workspace, pk=number, deleted__isnull=not is_deleted
    )
    rule = rules.select_related("author").first()
    if rule is None:
        raise NotFound(_("There is no retention rule %(number)s.") % {"number": number})
    return rule
