"""Edit and delete a comment."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, view_by_method
from runs.actions.comments import delete_comment, edit_comment, is_author
from runs.models import Comment, now_ms
from runs.pages.descriptions import (
    DescriptionEditor,
    open_description_editor,
    save_description,
)
from runs.pages.requests import PageRequest
from runs.pages.undo import last_undo_href
from runs.render.formats import run_path
from runs.search.comments import find_comment
from studio.core.errors import PermissionDenied


@access(Permission.ANNOTATE)
def _show_comment_form(request: PageRequest, number: int) -> HttpResponse:
    comment = find_comment(request.workspace, request.actor.user, number)
    if not is_author(comment, request.actor):
        raise PermissionDenied(_("Only the author can edit a comment."))
    return open_description_editor(request, _editor(request, comment))


@access(Permission.ANNOTATE)
def _save_comment(request: PageRequest, number: int) -> HttpResponse:
    comment = find_comment(request.workspace, request.actor.user, number)
    return save_description(request, _editor(request, comment))


comment_page = view_by_method(GET=_show_comment_form, POST=_save_comment)


@access(Permission.ANNOTATE)
@require_POST
def delete_comment_page(request: PageRequest, number: int) -> HttpResponse:
    comment = find_comment(request.workspace, request.actor.user, number)
    delete_comment(comment, role=request.role, actor=request.actor, now=now_ms())
    undo = last_undo_href(request)
    messages.success(request, _("Comment deleted"), extra_tags=undo)
    return redirect(_list_path(request, comment))


def _list_path(request: PageRequest, comment: Comment) -> str:
    """Return the address of the list that shows the comment."""
    workspace = request.workspace.name
    if comment.run is not None:
        return f"{run_path(workspace, comment.run.run_id)}comments/"
    assert comment.view is not None
    return reverse("view-comments", args=[workspace, comment.view.slug])


def _editor(request: PageRequest, comment: Comment) -> DescriptionEditor:
    home = _list_path(request, comment)

    def show_list(message: str) -> HttpResponse:
        if message:
            undo = last_undo_href(request)
            messages.success(request, _("Comment changed"), extra_tags=undo)
        place = f"{home}#comment-{comment.pk}"
        if request.htmx:
            return HttpResponse(headers={"HX-Redirect": place})
        return redirect(place)

    subject = comment.run or comment.view
    return DescriptionEditor(
        part="comment-editor",
        path=reverse("comment", args=[request.workspace.name, comment.pk]),
        back=home,
        stored=comment.text,
        text="",
        write=lambda text, seen: edit_comment(
            comment, text, actor=request.actor, now=now_ms(), seen_version=seen
        ),
        saved=show_list,
        frame={"home": home, "subject": subject},
        page="comments/comment_editor.html",
        heading=_("Edit comment"),
        mentions=True,
        links=f"{home}known/",
    )
