"""The activity as an Atom feed, for readers that send a token or a session."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

from django.http import HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import strip_tags
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import now_ms
from runs.pages.activity.activity_state import ActivityState
from runs.pages.activity.sentences import sentence
from runs.pages.requests import PageRequest
from runs.search.activity import activity_query, find_activity, undone_sets

#: Characters that XML does not have; values of tags can contain them.
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub(" ", text)


@access(Permission.READ)
@require_safe
def activity_atom(request: PageRequest) -> HttpResponse:
    """Show the newest changes; the parameters are those of the page."""
    state = ActivityState.read(request.GET)
    workspace = request.workspace.name
    query = activity_query(
        state.exported().wanted, request.actor.user, request.workspace, now=now_ms()
    )
    page = find_activity(query)
    undone = undone_sets(page.sets)
    path = reverse("activity", args=[workspace])
    feed = Atom1Feed(
        title=_("Activity of %(workspace)s") % {"workspace": workspace},
        link=request.build_absolute_uri(state.href(path)),
        description="",
        language=get_language(),
        feed_url=request.build_absolute_uri(),
    )
    for each in page.sets:
        text = sentence(
            each,
            page.changes[each.pk],
            undone.get(each.pk, ()),
            request.actor.user,
            workspace,
        )
        time = datetime.fromtimestamp(each.time / 1000, UTC)
        href = reverse("activity-change", args=[workspace, each.pk])
        feed.add_item(
            title=_clean(unescape(strip_tags(text))),
            link=request.build_absolute_uri(href),
            description="",
            author_name=_clean(str(each.actor)) if each.actor else "Run Studio",
            pubdate=time,
            updateddate=time,
            unique_id=request.build_absolute_uri(href),
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
