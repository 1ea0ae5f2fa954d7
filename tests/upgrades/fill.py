"""Fill the tables that no client of the protocols reaches: users, views, changes.

Run next to a server, with its settings: `python -m tests.upgrades.fill`.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

import django


def fill() -> None:
    """Needs runs of clients in the workspace `default`."""
    from runs.actions.actor import Actor
    from runs.models import Member, Role, Workspace

    default = Workspace.objects.get(name="default")
    owner = Member.objects.filter(workspace=default, role=Role.OWNER)[0].user
    acting: dict[str, Any] = {"actor": Actor(owner), "now": int(time.time() * 1000)}
    _people(default, owner, acting)
    _runs(default, owner, acting)
    _views(default, owner, acting)


def _people(default: Any, owner: Any, acting: dict[str, Any]) -> None:
    from django.contrib.auth import SESSION_KEY

    from runs.actions.account import accounts, links, sign_in, tokens
    from runs.models import Role
    from runs.models.accounts import SessionStore
    from studio.core.errors import InvalidValue

    other = accounts.create_workspace("research", **acting)
    grace = accounts.ensure_user("grace", **acting)
    accounts.set_password(grace, "a long enough pass phrase", **acting)
    profile: dict[str, Any] = {"display_name": "Grace Hopper", "email": ""}
    profile["email"] = "grace@example.org"
    accounts.set_profile(grace, time_zone="Asia/Shanghai", **profile, **acting)
    accounts.set_theme(grace, "dark", **acting)
    accounts.add_member(default, grace, Role.READER, **acting)
    accounts.add_member(other, grace, Role.OWNER, **acting)
    token, _secret = tokens.create_token(owner, default, "laptop", **acting)
    tokens.revoke_token(token, **acting)
    links.create_invitation(default, Role.CONTRIBUTOR, **acting)
    session = SessionStore()
    session.update({SESSION_KEY: str(grace.pk), "agent": "Firefox"})
    session.save()
    with contextlib.suppress(InvalidValue):
        sign_in.check_sign_in("grace", "wrong", address="127.0.0.1", now=acting["now"])


def _runs(default: Any, owner: Any, acting: dict[str, Any]) -> None:
    from runs.actions.compare import conclusions as conclude
    from runs.actions.experiments import experiments
    from runs.actions.run import metric_goals, run_edits
    from runs.actions.run.runs import trash_run
    from runs.actions.run_rows import locks
    from runs.actions.undo import undo
    from runs.models import ChangeSet, Metric, Run

    runs = list(Run.objects.filter(workspace=default, deleted=None).order_by("pk")[:6])
    run_edits.rename_run(runs[0], "Named – by hand 中文 🚀", **acting)
    run_edits.describe_run(
        runs[1], "# Why\n\n| a | b |\n|---|---|\n| 1 | 2 |", **acting
    )
    run_edits.set_run_tags(runs[1], {"quality": "fantastic", "plain": None}, **acting)
    run_edits.rename_run(runs[3], "A name that is taken back", **acting)
    undo.undo_change_set(ChangeSet.objects.latest("pk"), **acting)
    run_edits.star_run(runs[0], owner, True, **acting)
    locks.lock_run(runs[2], **acting)
    trash_run(runs[4], **acting)
    experiment = runs[0].experiment
    experiments.star_experiment(experiment, owner, True, **acting)
    experiments.describe_experiment(experiment, "What *it* is for", **acting)
    metric = Metric.objects.filter(run__workspace=default)[0]
    metric_goals.set_metric_goal(default, [experiment], metric.key.name, True, **acting)
    conclude.set_conclusion(
        default, runs[:2], "The second is better.", query="", **acting
    )


def _views(default: Any, owner: Any, acting: dict[str, Any]) -> None:
    from runs.actions.public import share_links
    from runs.actions.run_list import history_exports, selections
    from runs.actions.views import stars_and_defaults as view_choices
    from runs.actions.views.views import ViewState, create_view, save_view
    from runs.models import Run
    from studio.core.view_spec import ViewSpec

    state = ViewState(
        ViewSpec(q="metrics.loss < 0.1 and tags.team = nlp", children=True)
    )
    view = create_view(default, "Best", state, shared=True, **acting)
    save_view(
        view,
        ViewState(ViewSpec(q="status = Failed", rows=100)),
        seen_version=1,
        **acting,
    )
    create_view(default, "Mine", ViewState(ViewSpec(mine=True)), **acting)
    view_choices.star_view(view, owner, True, **acting)
    view_choices.set_default_view(default, None, view, user=None, **acting)
    share_links.create_share_link(default, view, note="for the review", **acting)
    keys = Run.objects.filter(workspace=default).values_list("pk", flat=True)
    selections.save_selection(default, list(keys[:9]), now=acting["now"])
    history_exports.queue_history_export(default, "", "", **acting)


if __name__ == "__main__":
    django.setup()
    fill()
