"""Comments on runs and views: who writes, edits, deletes and sees them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.changes import version_token
from runs.actions.comments import add_comment, delete_comment, edit_comment
from runs.actions.run.purge import purge_run
from runs.actions.run_rows import lock_run
from runs.actions.undo import undo_change_set
from runs.actions.views import ViewState, create_view
from runs.models import (
    ChangeSet,
    Comment,
    CommentMention,
    Member,
    Role,
    Run,
    User,
    View,
    Workspace,
)
from runs.search.comments import comments as search
from studio.core.view_spec import ViewSpec
from tests.access.people import browser_of

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def reader(workspace: Workspace) -> User:
    user = User.objects.create(username="rita")
    Member.objects.create(workspace=workspace, user=user, role=Role.READER)
    return user


@pytest.fixture
def tab(run: Run) -> str:
    return f"/w/default/runs/{run.run_id}/comments/"


@pytest.fixture
def view(workspace: Workspace, actor: Actor, now: int) -> View:
    """A private view of ada."""
    state = ViewState(ViewSpec(), None, "")
    return create_view(workspace, "mine", state, actor=actor, now=now)


def texts(browser: Client, tab: str) -> list[str]:
    return [line.comment.text for line in browser.get(tab).context["comments"]]


def undo(browser: Client) -> None:
    browser.post("/w/default/undo/", {"next": "/"})


def test_a_comment_is_shown_with_its_author_and_undone(
    browser: Client, tab: str, run: Run
) -> None:
    answer = browser.post(tab, {"text": "Looks **good**"}, headers=HTMX)
    assert 'hx-swap-oob="true"' in answer.text
    assert "Comment added" in answer.headers["HX-Trigger"]
    page = browser.get(tab).text
    assert "<strong>good</strong>" in page
    assert "<h2>ada</h2>" in page
    # The tab counts them.
    assert browser.get(tab).context["head"].comments == 1
    undo(browser)
    assert texts(browser, tab) == []
    undo(browser)
    assert texts(browser, tab) == ["Looks **good**"]
    history = browser.get(f"/w/default/runs/{run.run_id}/history/").text
    assert "Comment added" in history


def test_without_a_script_a_comment_is_previewed_and_added(
    browser: Client, tab: str
) -> None:
    preview = browser.post(tab, {"text": "*so*", "preview": "1"})
    assert "<em>so</em>" in preview.text
    assert texts(browser, tab) == []
    assert browser.post(tab, {"text": "*so*"}).status_code == 302
    assert texts(browser, tab) == ["*so*"]


@pytest.mark.parametrize("text", ["", " \n ", "x" * 65_537, "a\x00b"])
def test_a_text_that_cannot_be_stored_is_refused(
    browser: Client, tab: str, text: str
) -> None:
    assert browser.post(tab, {"text": text}, headers=HTMX).status_code == 422
    assert not Comment.objects.exists()


def test_hostile_markdown_is_cleaned(browser: Client, tab: str) -> None:
    hostile = (
        "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>\n\n"
        '[y](https://e.example "a > @ada onmouseover=alert(1)")'
    )
    browser.post(tab, {"text": hostile})
    [line] = browser.get(tab).context["comments"]
    html = str(line.html)
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html
    # A mention in an attribute is no mention.
    assert "mention" not in html


def test_members_are_mentioned_outside_code_and_links(
    browser: Client, tab: str, ben: User, workspace: Workspace
) -> None:
    text = "Ask @Ben, @ben. and `@ada` [@ada](https://e.example) me@ada.org @nobody"
    browser.post(tab, {"text": text})
    assert [*CommentMention.objects.values_list("user", flat=True)] == [ben.pk]
    page = browser.get(tab).text
    link = f'<a class="mention" href="/w/default/members/#member-{ben.pk}">'
    assert page.count(link) == 2
    assert page.count('class="mention"') == 2
    assert f'id="member-{ben.pk}"' in browser.get("/w/default/members/").text
    # An edit mentions whom the new text names.
    comment = Comment.objects.get()
    given = {"text": "@ada", "seen": version_token(text)}
    browser.post(f"/w/default/comments/{comment.pk}/", given)
    assert [*CommentMention.objects.values_list("user__username", flat=True)] == ["ada"]


def test_members_are_offered_while_a_mention_is_typed(
    browser: Client, tab: str, ben: User, run: Run
) -> None:
    found = browser.get(f"{tab}known/?text=@BE").text
    assert 'data-insert="@ben"' in found
    assert "ada" not in found
    known = browser.get(f"{tab}known/?text=run:{run.run_id[:3]}").text
    assert f"run:{run.run_id}" in known


def test_only_the_author_edits_and_an_edit_in_between_is_shown(
    browser: Client, tab: str, ben: User, now: int, run: Run
) -> None:
    comment = add_comment(run, "first", actor=Actor(ben), now=now)
    address = f"/w/default/comments/{comment.pk}/"
    assert browser.get(address).status_code == 403
    assert browser.post(address, {"text": "mine"}).status_code == 403
    author = browser_of(ben)
    seen = version_token("first")
    author.post(address, {"text": "second", "seen": seen})
    refused = author.post(address, {"text": "third", "seen": seen}, headers=HTMX)
    assert refused.status_code == 422
    assert "second" in refused.text
    assert "third" in refused.text
    assert texts(browser, tab) == ["second"]
    again = {"text": "third", "seen": version_token("second")}
    place = author.post(address, again, headers=HTMX).headers["HX-Redirect"]
    assert place == f"{tab}#comment-{comment.pk}"
    assert "edited" in browser.get(tab).text
    undo(author)
    assert texts(browser, tab) == ["second"]


def test_the_author_or_an_owner_deletes_and_undoes_only_the_own_deletion(
    browser: Client, tab: str, ben: User, now: int, run: Run, workspace: Workspace
) -> None:
    carl = User.objects.create(username="carl")
    Member.objects.create(workspace=workspace, user=carl, role=Role.CONTRIBUTOR)
    comment = add_comment(run, "spam", actor=Actor(ben), now=now)
    address = f"/w/default/comments/{comment.pk}/delete/"
    assert browser_of(carl).post(address).status_code == 403
    assert browser.post(address).status_code == 302
    assert texts(browser, tab) == []
    deletion = ChangeSet.objects.get(action="delete comment")
    browser_of(ben).post(f"/w/default/undo/{deletion.pk}/")
    assert texts(browser, tab) == []
    undo(browser)
    assert texts(browser, tab) == ["spam"]


def test_a_reader_reads_and_cannot_comment(reader: User, tab: str, run: Run) -> None:
    add_comment(run, "hello", actor=Actor(reader), now=1)
    browser = browser_of(reader)
    page = browser.get(tab)
    assert "hello" in page.text
    assert 'name="text"' not in page.text
    assert not page.context["comments"][0].can_delete
    assert browser.post(tab, {"text": "x"}).status_code == 403


def test_the_comments_of_a_private_view_are_private(
    browser: Client, view: View, ben: User, now: int, actor: Actor
) -> None:
    address = f"/w/default/views/{view.slug}/comments/"
    browser.post(address, {"text": "my notes, @ben"})
    assert texts(browser, address) == ["my notes, @ben"]
    comment = Comment.objects.get()
    other = browser_of(ben)
    for path in (address, f"/w/default/comments/{comment.pk}/"):
        assert other.get(path).status_code == 404
    assert other.post(f"/w/default/comments/{comment.pk}/delete/").status_code == 404
    # Ben would not see what mentions him.
    assert not CommentMention.objects.exists()
    undo(browser)
    assert texts(browser, address) == []


def test_comments_of_a_shared_view_are_everyones(
    browser: Client, view: View, ben: User
) -> None:
    View.objects.filter(pk=view.pk).update(shared=True)
    address = f"/w/default/views/{view.slug}/comments/"
    other = browser_of(ben)
    other.post(address, {"text": "nice"})
    assert texts(browser, address) == ["nice"]
    # Ben can't change the view, and undoes his own comment.
    View.objects.filter(pk=view.pk).update(locked=True)
    undo(other)
    assert texts(browser, address) == []
    # A poll gets the list only if it has changed, also after an own comment.
    added = other.post(address, {"text": "wonderful"}, headers=HTMX)
    poll = added.context["poll"]
    assert browser.get(poll, headers=HTMX).status_code == 204
    undo(other)
    assert "wonderful" not in browser.get(poll, headers=HTMX).text


def test_comments_go_with_their_run(run: Run, actor: Actor, now: int) -> None:
    add_comment(run, "@ada", actor=actor, now=now)
    run.deleted = now
    run.save(update_fields=["deleted"])
    purge_run(run, actor=actor, now=now)
    assert not Comment.objects.exists()
    assert not CommentMention.objects.exists()


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ('comment:"another look"', True),
        ("comment:LOOK", True),
        ("comment contains 'nothing'", False),
        ("not comment:look", False),
        ("comment is not null", True),
        ("comment is null", False),
    ],
)
def test_runs_are_found_by_their_comments(
    browser: Client, run: Run, actor: Actor, now: int, q: str, found: bool
) -> None:
    add_comment(run, "Worth another look", actor=actor, now=now)
    page = browser.get("/w/default/runs/", {"q": q})
    assert (f'data-id="{run.run_id}"' in page.text) is found


def test_the_number_of_queries_does_not_depend_on_the_comments(
    browser: Client, tab: str, run: Run, actor: Actor, now: int, ben: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(tab)
        return len(captured)

    add_comment(run, "@ben", actor=actor, now=now)
    queries()
    few = queries()
    for number in range(10):
        add_comment(run, f"{number} @ben @ada", actor=actor, now=now)
    assert queries() == few


def test_texts_with_very_many_mentions_are_shown(
    browser: Client, tab: str, run: Run, actor: Actor, now: int, ben: User
) -> None:
    for comment in range(25):
        names = " ".join(f"@m{comment}x{n}" for n in range(50))
        add_comment(run, f"@Ben {names}", actor=actor, now=now)
    assert browser.get(tab).text.count('class="mention"') == 25


def test_the_newest_comments_are_shown_and_polled(
    browser: Client, view: View, actor: Actor, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_COMMENTS", 3)
    address = f"/w/default/views/{view.slug}/comments/"
    made = [add_comment(view, text, actor=actor, now=now) for text in "abcd"]
    assert texts(browser, address) == ["b", "c", "d"]
    page = browser.get(address)
    assert "Only the newest 3 comments" in page.text
    poll = page.context["poll"]
    assert browser.get(poll, headers=HTMX).status_code == 204
    # As many as before, and the same last one.
    delete_comment(made[2], role=Role.OWNER, actor=actor, now=now)
    assert "Only the newest" not in browser.get(poll, headers=HTMX).text
    assert texts(browser, address) == ["a", "b", "d"]


def test_a_comment_on_a_locked_run_is_undone(
    browser: Client, tab: str, run: Run, actor: Actor, now: int
) -> None:
    lock_run(run, actor=actor, now=now)
    browser.post(tab, {"text": "locked"})
    undo(browser)
    assert texts(browser, tab) == []


def test_only_who_deleted_a_comment_brings_it_back(
    browser: Client, tab: str, ben: User, now: int, run: Run, actor: Actor
) -> None:
    author = Actor(ben)

    def undo_as_author(action: str) -> None:
        own = ChangeSet.objects.filter(actor=ben, action=action).latest("pk")
        undo_change_set(own, actor=author, now=now, anyway=True)

    comment = add_comment(run, "one", actor=author, now=now)
    edit_comment(comment, "two", actor=author, now=now)
    delete_comment(comment, role=Role.CONTRIBUTOR, actor=author, now=now)
    undo_as_author("delete comment")
    assert texts(browser, tab) == ["two"]
    delete_comment(comment, role=Role.OWNER, actor=actor, now=now)
    for action in ("edit comment", "delete comment", "undo"):
        undo_as_author(action)
        assert texts(browser, tab) == []
    undo(browser)
    assert texts(browser, tab) == ["two"]
