"""What goes by itself, and what must stay."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from runs.actions.account import create_run_token, create_token
from runs.actions.account.links import create_sign_in_link
from runs.actions.account.secrets import to_datetime
from runs.actions.actor import Actor
from runs.actions.experiments.experiments import delete_experiment
from runs.actions.expiry.expiry import (
    delete_expired_run_tokens,
    delete_expired_sign_ins,
    delete_replaced_files,
    purge_old_trash,
)
from runs.actions.files.files import current_files, delete_files, save_file
from runs.actions.run.runs import create_run, restore_run, trash_run
from runs.models import (
    ApiToken,
    BrowserSession,
    Experiment,
    File,
    Run,
    SignInFailure,
    SignInLink,
    User,
)
from tests.parts.records import stored_files

DAY = 86_400_000


def test_only_expired_sign_ins_are_deleted(owner: User, actor: Actor, now: int) -> None:
    for key, days in (("gone", -1), ("here", 1)):
        expires = to_datetime(now) + timedelta(days=days)
        BrowserSession.objects.create(session_key=key, expire_date=expires)
    create_sign_in_link(owner, actor=actor, now=now - 3 * DAY)
    link, _secret = create_sign_in_link(owner, actor=actor, now=now)
    SignInFailure.objects.create(name="ada", address="192.0.2.1")
    SignInFailure.objects.update(time=to_datetime(now - 2 * DAY))
    delete_expired_sign_ins(now)
    assert list(BrowserSession.objects.values_list("pk", flat=True)) == ["here"]
    assert list(SignInLink.objects.all()) == [link]
    assert not SignInFailure.objects.exists()


def test_run_tokens_are_deleted_seven_days_after_their_root(
    run: Run, owner: User, actor: Actor, now: int
) -> None:
    create_run_token(run, owner)
    create_token(owner, run.workspace, "laptop", actor=actor, now=now)
    child = create_run(run.experiment, parent_run_id=run.run_id, actor=actor, now=now)
    create_run_token(child, owner)
    Run.objects.filter(pk=child.pk).update(ended=now)
    # The root is still active, and so are all tokens of its tree.
    assert delete_expired_run_tokens(now + 30 * DAY) == 0
    Run.objects.filter(pk=run.pk).update(ended=now)
    assert delete_expired_run_tokens(now + 6 * DAY) == 0
    assert delete_expired_run_tokens(now + 8 * DAY) == 2
    assert [token.name for token in ApiToken.objects.all()] == ["laptop"]


def test_a_replaced_file_is_deleted_after_thirty_days(
    run: Run,
    actor: Actor,
    now: int,
    files_dir: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    save_file(run, "a.txt", [b"old"], actor=actor, now=now, limit=100)
    save_file(run, "a.txt", [b"new"], actor=actor, now=now, limit=100)
    save_file(run, "b.txt", [b"gone"], actor=actor, now=now, limit=100)
    delete_files(run, ["b.txt"], actor=actor, now=now)
    assert delete_replaced_files(now + 29 * DAY) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_replaced_files(now + 31 * DAY) == 2
    assert [file.path for file in current_files(run)] == ["a.txt"]
    assert File.objects.count() == 1
    blobs = [path.read_bytes() for path in stored_files(files_dir)]
    assert blobs == [b"new"]


def test_trashed_runs_are_purged_after_thirty_days_and_restored_runs_are_not(
    experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    restored = create_run(experiment, actor=actor, now=now)
    for one in (run, restored):
        trash_run(one, actor=actor, now=now)
    restore_run(restored, actor=actor, now=now + DAY)
    assert purge_old_trash(now + 29 * DAY) == 0
    assert purge_old_trash(now + 31 * DAY) == 1
    assert list(Run.objects.all()) == [restored]


def test_runs_of_a_deleted_experiment_are_purged_with_it(
    experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    delete_experiment(experiment, actor=actor, now=now)
    assert purge_old_trash(now + 31 * DAY) == 1
    assert not Run.objects.exists()
