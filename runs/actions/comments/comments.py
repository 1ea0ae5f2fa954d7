"""Comments: written by members, edited by their author, deleted by author or owner."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, check_version, record_changes
from runs.actions.notify import notify_of_mentions
from runs.actions.run_rows import bump_revision, refresh_search_texts
from runs.models import Change, Comment, CommentMention, Role, Run, View
from runs.render.comments import find_mentions
from runs.render.descriptions import render_markdown
from runs.search.comments import find_members_by_name
from studio.core import names
from studio.core.errors import InvalidValue, NotFound, PermissionDenied

#: Change sets store a comment with its run or view, in the field of this prefix and its
#: key. The value is the text; None without a comment.
COMMENT_FIELD = "comment."


@transaction.atomic
def add_comment(subject: Run | View, text: str, *, actor: Actor, now: int) -> Comment:
    """Comment on a run or view; raise InvalidValue for an empty or too long text."""
    _check_text(text)
    comment = Comment.objects.create(
        workspace_id=subject.workspace_id,
        run=subject if isinstance(subject, Run) else None,
        view=subject if isinstance(subject, View) else None,
        author=actor.user,
        text=text,
        created=now,
    )
    _write_mentions(comment, now)
    _record(comment, "comment", None, text, actor, now)
    return comment


@transaction.atomic
def edit_comment(
    comment: Comment,
    text: str,
    *,
    actor: Actor,
    now: int,
    seen_version: str | None = None,
) -> Comment:
    """Change the text; `seen_version` is the `version_token` of the replaced text.

    Raises PermissionDenied for anyone but the author, and Conflict if the text changed.
    """
    _check_text(text)
    if not is_author(comment, actor):
        raise PermissionDenied(_("Only the author can edit a comment."))
    before = _lock_comment(comment)
    check_version(seen_version, before, text, "comment")
    if text != before:
        _write_text(comment, text, now)
        _record(comment, "edit comment", before, text, actor, now)
    return comment


@transaction.atomic
def delete_comment(comment: Comment, *, role: Role, actor: Actor, now: int) -> None:
    """Delete the comment; raise PermissionDenied for all but its author and owners.

    `role` is the actor's role in the workspace.
    """
    if not (is_author(comment, actor) or role >= Role.OWNER):
        raise PermissionDenied(_("Only the author or an owner can delete a comment."))
    before = _lock_comment(comment)
    Comment.objects.filter(pk=comment.pk).update(deleted=now)
    _record(comment, "delete comment", before, None, actor, now)


def read_current_comment(field: str) -> str | None:
    """Return the text of the comment that the field names; None if it is deleted."""
    rows = Comment.objects.select_for_update().filter(pk=_key_of(field))
    found = rows.values_list("text", "deleted").first()
    return None if found is None or found[1] is not None else found[0]


def keeps_comment_deleted(change: Change, value: str | None, actor: Actor) -> bool:
    """Return whether an undo leaves a comment, which is now `value`, deleted.

    Only the undo of a deletion brings it back, and only for who deleted it last.
    """
    if value is not None or not change.field.startswith(COMMENT_FIELD):
        return False
    rows = Change.objects.filter(
        field=change.field, run=change.run_id, view=change.view_id
    )
    last = rows.select_related("change_set").order_by("-pk").first()
    is_own = last is not None and last.change_set.actor_id == _key_of_user(actor)
    return change.after is not None or not is_own


def _key_of_user(actor: Actor) -> int | None:
    return actor.user.pk if actor.user is not None else None


def restore_comment(field: str, text: str | None, now: int) -> None:
    """Restore the text, for undo; None deletes the comment."""
    comment = Comment.objects.filter(pk=_key_of(field)).first()
    if comment is None:
        return
    if text is None:
        Comment.objects.filter(pk=comment.pk).update(deleted=now)
    else:
        _write_text(comment, text, now)
    _refresh_search_text(comment)


def _key_of(field: str) -> int:
    return int(field.removeprefix(COMMENT_FIELD))


def _check_text(text: str) -> None:
    names.check_description(text, "text")
    if not text.strip():
        raise InvalidValue(_("Write a comment first."), field="text")


def is_author(comment: Comment, actor: Actor) -> bool:
    return actor.user is not None and comment.author_id == actor.user.pk


def _lock_comment(comment: Comment) -> str:
    """Lock the row and return its text; raise NotFound if it was deleted since."""
    rows = Comment.objects.select_for_update().filter(pk=comment.pk)
    text = rows.filter(deleted__isnull=True).values_list("text", flat=True).first()
    if text is None:
        raise NotFound(_("This comment doesn't exist."))
    return text


def _write_text(comment: Comment, text: str, now: int) -> None:
    comment.text, comment.edited, comment.deleted = text, now, None
    comment.save(update_fields=["text", "edited", "deleted"])
    CommentMention.objects.filter(comment=comment).delete()
    _write_mentions(comment, now)


def _write_mentions(comment: Comment, now: int) -> None:
    """Store the mentioned members; those who can't see a private view are left out."""
    if comment.view is not None and not comment.view.shared:
        return
    mentioned = find_mentions(render_markdown(comment.text))
    members = find_members_by_name(comment.workspace, mentioned)
    users = sorted(set(members.values()))
    CommentMention.objects.bulk_create(
        CommentMention(comment=comment, user_id=user) for user in users
    )
    notify_of_mentions(comment, users, now=now)


def _refresh_search_text(comment: Comment) -> None:
    if comment.run_id is not None:
        refresh_search_texts([comment.run_id])


def _record(
    comment: Comment,
    action: str,
    before: str | None,
    after: str | None,
    actor: Actor,
    now: int,
) -> None:
    # Pages of the run refresh when its revision changes.
    if comment.run is not None:
        bump_revision(comment.run, now)
    _refresh_search_text(comment)
    field = f"{COMMENT_FIELD}{comment.pk}"
    edit = Edit(field, before, after, run=comment.run, view=comment.view)
    record_changes(comment.workspace, action, [edit], actor=actor, now=now)
