"""Views: saved by compare-and-swap, shared, locked, undone; who sees them."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import rename_experiment
from runs.actions.expiry.expiry import TRASH_DAYS, purge_old_trash
from runs.actions.views import stars_and_defaults as view_choices
from runs.actions.views import views as actions
from runs.actions.views.undo import undo_view_change
from runs.actions.views.views import ViewState
from runs.models import (
    ChangeSet,
    Experiment,
    Role,
    User,
    View,
    ViewRevision,
    ViewStar,
    Workspace,
    can_edit_view,
    now_ms,
)
from runs.search.views import views as search
from studio.core.errors import Conflict, InvalidState, NotFound, NotSupported
from studio.core.view_spec import ViewSpec

DAY = 86_400_000


def state(query: str = "", experiment: Experiment | None = None) -> ViewState:
    return ViewState(ViewSpec.from_query(query), experiment)


@pytest.fixture
def make(workspace: Workspace, actor: Actor, now: int) -> Any:
    def made(query: str = "q=tag:x", name: str = "Sweep", **more: Any) -> View:
        who = {"actor": more.pop("actor", actor), "now": now}
        return actions.create_view(workspace, name, state(query), **more, **who)

    return made


def last() -> ChangeSet:
    return ChangeSet.objects.latest("pk")


def test_only_its_owner_sees_a_private_view(
    make: Any, workspace: Workspace, owner: User, ben: User
) -> None:
    view = make()
    assert search.find_view(view.slug, owner) == view
    with pytest.raises(NotFound):
        search.find_view(view.slug, ben)
    assert search.find_menu(workspace, ben).private == []
    assert not can_edit_view(view, ben, Role.OWNER)


def test_the_second_of_two_saves_reports_a_conflict(
    make: Any, ben: User, actor: Actor, now: int
) -> None:
    view = make(shared=True)
    mine = View.objects.get(pk=view.pk)
    actions.save_view(mine, state("q=tag:y"), seen_version=1, actor=Actor(ben), now=now)
    with pytest.raises(Conflict) as conflict:
        actions.save_view(view, state("q=tag:z"), seen_version=1, actor=actor, now=now)
    assert conflict.value.details["now"] == 2
    actions.save_view(view, state("q=tag:z"), seen_version=2, actor=actor, now=now)
    kept = [r.spec["q"] for r in search.list_view_revisions(view, ben)]
    assert kept == ["tag:z", "tag:y", "tag:x"]
    assert [r.author for r in search.list_view_revisions(view, ben)][1] == ben


def test_saving_an_unchanged_view_adds_no_revision(
    make: Any, actor: Actor, now: int
) -> None:
    view = make()
    same = state("q=tag:x")
    saved = actions.save_view(view, same, seen_version=9, actor=actor, now=now)
    assert (saved, saved.revision, view.revision) == (view, 1, 1)


def test_renaming_an_experiment_does_not_change_its_views(
    workspace: Workspace, experiment: Experiment, actor: Actor, now: int
) -> None:
    own = state("q=tag:x", experiment)
    view = actions.create_view(workspace, "Sweep", own, actor=actor, now=now)
    rename_experiment(experiment, "other", actor=actor, now=now)
    experiment.refresh_from_db()
    again = state("q=tag:x", experiment)
    actions.save_view(view, again, seen_version=1, actor=actor, now=now)
    assert view.revision == 1


def test_restoring_a_revision_adds_a_new_one(
    make: Any, owner: User, actor: Actor, now: int
) -> None:
    view = make()
    actions.save_view(
        view, state("q=tag:y&mine=1"), seen_version=1, actor=actor, now=now
    )
    old = search.find_revision(view, owner, 1)
    actions.restore_revision(view, old, actor=actor, now=now, seen_version=2)
    newest = search.list_view_revisions(view, owner)[0]
    assert (view.revision, view.spec["q"], newest.restored) == (3, "tag:x", 1)
    undo_view_change(last(), actor=actor, now=now)
    view.refresh_from_db()
    assert (view.revision, view.spec["mine"]) == (4, True)


def test_sharing_replaces_me_by_the_name_and_hides_earlier_revisions(
    make: Any, owner: User, ben: User, actor: Actor, now: int
) -> None:
    view = make("q=tag:secret")
    actions.save_view(view, state("mine=1"), seen_version=1, actor=actor, now=now)
    actions.edit_view(view, {"shared": True}, actor=actor, now=now)
    seen = search.find_view(view.slug, ben)
    assert seen.spec == {"q": "submitter:ada"}
    assert [r.number for r in search.list_view_revisions(seen, ben)] == [3]
    assert [r.number for r in search.list_view_revisions(seen, owner)] == [3, 2, 1]
    with pytest.raises(NotFound):
        search.find_revision(seen, ben, 1)
    undo_view_change(last(), actor=actor, now=now)
    with pytest.raises(NotFound):
        search.find_view(view.slug, ben)


def test_undoing_a_share_restores_the_private_view(
    make: Any, owner: User, ben: User, actor: Actor, now: int
) -> None:
    view = make("mine=1")
    actions.edit_view(view, {"shared": True}, actor=actor, now=now)
    undo_view_change(last(), actor=actor, now=now)
    assert search.find_view(view.slug, owner).spec == {"mine": True}
    undo_view_change(last(), actor=actor, now=now)
    assert search.find_view(view.slug, ben).spec == {"q": "submitter:ada"}
    undo_view_change(last(), actor=actor, now=now)
    assert search.find_view(view.slug, owner).spec == {"mine": True}
    seen = [r.number for r in search.list_view_revisions(view, owner)]
    assert seen == [5, 4, 3, 2, 1]


def test_saving_a_shared_view_replaces_me_by_the_name(
    make: Any, owner: User, ben: User, actor: Actor, now: int
) -> None:
    view = make("mine=1", shared=True)
    assert search.find_view(view.slug, ben).spec == {"q": "submitter:ada"}
    own = state("q=not submitter:me")
    actions.save_view(view, own, seen_version=1, actor=Actor(ben), now=now)
    assert search.find_view(view.slug, owner).spec == {"q": "submitter != ben"}
    newest = search.list_view_revisions(view, owner)[0]
    assert newest.spec == {"q": "submitter != ben"}


def test_saving_a_private_view_keeps_me(make: Any, actor: Actor, now: int) -> None:
    view = make("mine=1")
    own = state("q=submitter:me")
    actions.save_view(view, own, seen_version=1, actor=actor, now=now)
    assert view.spec == {"q": "submitter:me"}


@pytest.mark.parametrize("undone", [True, False])
def test_stars_and_defaults_survive_a_view_being_private_for_a_while(
    make: Any, ben: User, actor: Actor, now: int, undone: bool
) -> None:
    view = make(shared=True)
    actions.save_view(view, state("q=tag:y"), seen_version=1, actor=Actor(ben), now=now)
    actions.edit_view(view, {"shared": False}, actor=actor, now=now)
    if undone:
        undo_view_change(last(), actor=actor, now=now)
    else:
        actions.edit_view(view, {"shared": True}, actor=actor, now=now)
    assert [r.number for r in search.list_view_revisions(view, ben)] == [2, 1]
    actions.edit_view(view, {"shared": False}, actor=actor, now=now)
    actions.save_view(view, state("q=tag:own"), seen_version=2, actor=actor, now=now)
    actions.save_view(view, state("q=tag:y"), seen_version=3, actor=actor, now=now)
    actions.edit_view(view, {"shared": True}, actor=actor, now=now)
    assert [r.number for r in search.list_view_revisions(view, ben)] == [4]


def test_undo_restores_no_me_in_a_shared_view(
    make: Any, ben: User, actor: Actor, now: int
) -> None:
    view = make("mine=1")
    actions.save_view(view, state("q=tag:x"), seen_version=1, actor=actor, now=now)
    saved = last()
    actions.edit_view(view, {"shared": True}, actor=actor, now=now)
    undo_view_change(saved, actor=actor, now=now)
    assert search.find_view(view.slug, ben).spec == {"q": "submitter:ada"}


def test_undo_restores_state_that_this_version_cannot_read(
    make: Any, actor: Actor, now: int
) -> None:
    view = make()
    stored = {"q": "tag:x", "hue": "red"}
    view.revisions.update(spec=stored)
    actions.save_view(view, state("q=tag:y"), seen_version=1, actor=actor, now=now)
    undo_view_change(last(), actor=actor, now=now)
    view.refresh_from_db()
    assert view.spec == stored


def test_names_shares_locks_and_deletion_are_undone(
    make: Any, actor: Actor, now: int, owner: User
) -> None:
    view = make()
    changes = {"name": "B", "description": "**why**", "locked": True}
    actions.edit_view(view, changes, actor=actor, now=now)
    undo_view_change(last(), actor=actor, now=now)
    view.refresh_from_db()
    assert (view.name, view.description, view.locked) == ("Sweep", "", False)
    slug = view.slug
    actions.delete_view(view, actor=actor, now=now)
    with pytest.raises(NotFound):
        search.find_view(slug, owner)
    with pytest.raises(InvalidState):
        actions.edit_view(view, {"name": "C"}, actor=actor, now=now)
    undo_view_change(last(), actor=actor, now=now)
    assert search.find_view(slug, owner).name == "Sweep"


def test_a_star_of_a_view_is_undone_and_redone(
    make: Any, owner: User, actor: Actor, now: int
) -> None:
    view = make()
    view_choices.star_view(view, owner, True, actor=actor, now=now)
    assert last().action == "star view"
    undo_view_change(last(), actor=actor, now=now)
    assert not ViewStar.objects.exists()
    undo_view_change(last(), actor=actor, now=now)
    assert ViewStar.objects.get().user == owner
    view_choices.star_view(view, owner, False, actor=actor, now=now)
    assert last().action == "unstar view"


def test_a_change_that_is_not_of_a_view_cannot_be_undone_here(
    workspace: Workspace, actor: Actor, now: int
) -> None:
    other = ChangeSet.objects.create(workspace=workspace, time=now, action="x")
    with pytest.raises(NotSupported):
        undo_view_change(other, actor=actor, now=now)


def test_undoing_a_star_keeps_the_stars_of_others(
    make: Any, owner: User, ben: User, actor: Actor, now: int
) -> None:
    view = make(shared=True)
    view_choices.star_view(view, ben, True, actor=Actor(ben), now=now)
    view_choices.star_view(view, owner, True, actor=actor, now=now)
    undo_view_change(last(), actor=actor, now=now)
    assert ViewStar.objects.get().user == ben


def test_undo_shows_what_changed_since(make: Any, actor: Actor, now: int) -> None:
    view = make()
    actions.edit_view(view, {"name": "B"}, actor=actor, now=now)
    renamed = last()
    actions.edit_view(view, {"name": "C"}, actor=actor, now=now)
    with pytest.raises(Conflict) as conflict:
        undo_view_change(renamed, actor=actor, now=now)
    assert conflict.value.details["later"][0]["now"] == "C"
    undo_view_change(renamed, actor=actor, now=now, anyway=True)
    view.refresh_from_db()
    assert view.name == "Sweep"


def test_members_cannot_undo_changes_of_others(
    make: Any, workspace: Workspace, ben: User, owner: User
) -> None:
    make(shared=True)
    assert search.find_view_change(workspace, owner, last().pk) == last()
    with pytest.raises(NotFound):
        search.find_view_change(workspace, ben, last().pk)


@pytest.mark.parametrize(
    ("locked", "role", "may"),
    [
        (False, Role.READER, False),
        (False, Role.CONTRIBUTOR, True),
        (True, Role.CONTRIBUTOR, False),
        (True, Role.OWNER, True),
    ],
)
def test_members_who_can_change_a_shared_view(
    make: Any, ben: User, locked: bool, role: Role, may: bool
) -> None:
    assert can_edit_view(make(shared=True, locked=locked), ben, role) is may


def test_a_list_opens_with_my_default_or_the_workspace_default(
    make: Any, workspace: Workspace, owner: User, ben: User, experiment: Experiment
) -> None:
    shared, own = make(name="all", shared=True), make(name="own")
    acting: dict[str, Any] = {"actor": Actor(owner), "now": now_ms()}
    find = search.find_default

    def choose(place: Experiment | None, view: View | None, user: User | None) -> None:
        view_choices.set_default_view(workspace, place, view, user=user, **acting)

    with pytest.raises(InvalidState):
        choose(None, own, None)
    choose(None, shared, None)
    choose(None, own, owner)
    assert find(workspace, ben, None) == shared
    assert find(workspace, owner, None) == own
    assert find(workspace, owner, experiment) is None
    choose(None, None, owner)
    assert find(workspace, owner, None) is None
    View.objects.filter(pk=shared.pk).update(shared=False)
    assert find(workspace, ben, None) is None


def test_views_are_found_by_words_in_any_case(
    make: Any, workspace: Workspace, owner: User
) -> None:
    make(name="Ночной ОБЗОР", description="of the sweep", shared=True)
    make(name="other", shared=True)
    for find in ("обзор", "SWEEP ночной"):
        assert len(search.find_menu(workspace, owner, find).shared) == 1


def test_the_view_menu_has_a_limit(
    make: Any,
    workspace: Workspace,
    owner: User,
    django_assert_num_queries: Any,
) -> None:
    first = make(shared=True)
    View.objects.bulk_create(
        View(
            workspace=workspace,
            slug=f"{n:010}",
            name=f"v{n}",
            spec={},
            shared=True,
            owner=owner,
            created=0,
            updated=0,
        )
        for n in range(200)
    )
    with django_assert_num_queries(2):
        found = search.find_menu(workspace, owner)
    assert (len(found.shared), found.more_shared, found.shared[0]) == (50, True, first)


def test_a_menu_of_just_the_limit_has_no_more(
    make: Any, workspace: Workspace, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_MENU_VIEWS", 2)
    for shared in (True, True, False, False):
        make(shared=shared)
    menu = search.find_menu(workspace, owner)
    assert (len(menu.shared), len(menu.private)) == (2, 2)
    assert (menu.more_shared, menu.more_private) == (False, False)
    for shared in (True, False):
        make(shared=shared)
    menu = search.find_menu(workspace, owner)
    assert (len(menu.shared), len(menu.private)) == (2, 2)
    assert menu.more_shared
    assert menu.more_private


def test_lists_of_revisions_and_of_deleted_views_have_a_limit(
    make: Any, workspace: Workspace, owner: User, actor: Actor, now: int
) -> None:
    view = make()
    ViewRevision.objects.bulk_create(
        ViewRevision(view=view, number=number, time=now, spec={})
        for number in range(2, 203)
    )
    found = search.list_view_revisions(view, owner)
    assert [row.number for row in found] == list(range(202, 2, -1))
    older = search.list_view_revisions(view, owner, before=found[-1].number)
    assert [row.number for row in older] == [2, 1]
    assert [
        row.number for row in search.list_view_revisions(view, owner, before=2)
    ] == [1]
    for _ in range(51):
        actions.delete_view(make(), actor=actor, now=now)
    assert len(search.list_deleted_views(workspace, owner)) == 50


@pytest.mark.parametrize("number", [2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64])
def test_a_number_that_no_row_can_have_is_not_found(
    make: Any, workspace: Workspace, owner: User, number: int
) -> None:
    with pytest.raises(NotFound):
        search.find_revision(make(), owner, number)
    with pytest.raises(NotFound):
        search.find_view_change(workspace, owner, number)


def test_a_deleted_view_is_purged_after_its_retention(
    make: Any, actor: Actor, now: int
) -> None:
    view = make()
    actions.delete_view(view, actor=actor, now=now)
    purge_old_trash(now + TRASH_DAYS * DAY - DAY)
    assert View.objects.exists()
    purge_old_trash(now + TRASH_DAYS * DAY + DAY)
    assert not View.objects.exists()
