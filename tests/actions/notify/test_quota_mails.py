"""Owners get one mail when their workspace has used up nine tenths of its quota."""

from __future__ import annotations

import pytest

from runs.actions.actor import Actor
from runs.actions.notify import MailSender, warn_owners_of_quota
from runs.actions.usage import set_quota
from runs.models import (
    Delivery,
    DeliveryState,
    StorageReport,
    StorageSettings,
    User,
    Workspace,
)
from tests.actions.notify.conftest import BASE
from tests.actions.notify.smtp import Postbox, body

pytestmark = pytest.mark.django_db

QUOTA = 10_000_000


def store(workspace: Workspace, size: int, now: int) -> None:
    """A new count of the worker."""
    StorageReport.objects.update_or_create(
        workspace=workspace, day=1, defaults={"counted": now, "by_kind": {"logs": size}}
    )


@pytest.fixture
def owner(owner: User, workspace: Workspace, now: int) -> User:
    owner.email = owner.confirmed_email = "ada@mail.example"
    owner.save()
    set_quota(workspace, QUOTA, actor=Actor(owner), now=now)
    return owner


def send(now: int) -> int:
    return MailSender(lambda: BASE)(now)


def test_each_owner_gets_one_mail_until_it_is_less(
    workspace: Workspace, owner: User, ben: User, postbox: Postbox, now: int
) -> None:
    store(workspace, 8_900_000, now)
    assert warn_owners_of_quota(now) == 0
    store(workspace, 9_100_000, now)
    # Ben is no owner.
    assert warn_owners_of_quota(now) == 1
    assert warn_owners_of_quota(now) == 0
    assert send(now) == 1
    [mail] = postbox.mails
    assert mail["To"] == owner.email
    assert mail["Subject"] == "[default] 91% of the storage quota is used"
    for kind in ("plain", "html"):
        text = " ".join(body(mail, kind).split())
        assert "9.1 MB, 91% of its quota of 10 MB" in text
        assert f"{BASE}/w/default/storage/" in text
        assert "as an owner of the workspace" in text
    store(workspace, 1_000_000, now)
    assert warn_owners_of_quota(now) == 0
    store(workspace, 9_900_000, now)
    assert warn_owners_of_quota(now + 1) == 1


def test_a_mail_that_no_longer_holds_is_not_sent(
    workspace: Workspace, owner: User, postbox: Postbox, now: int
) -> None:
    store(workspace, 9_100_000, now)
    warn_owners_of_quota(now)
    store(workspace, 100, now)
    assert send(now) == 0
    assert Delivery.objects.get().state == DeliveryState.SKIPPED
    assert postbox.mails == []


def test_an_owner_without_a_confirmed_address_gets_none(
    workspace: Workspace, owner: User, now: int
) -> None:
    User.objects.filter(pk=owner.pk).update(confirmed_email="")
    store(workspace, 9_100_000, now)
    assert warn_owners_of_quota(now) == 0
    assert StorageSettings.objects.get().is_warned


def test_a_new_quota_ends_the_warning(
    workspace: Workspace, owner: User, now: int
) -> None:
    store(workspace, 9_100_000, now)
    warn_owners_of_quota(now)
    set_quota(workspace, None, actor=Actor(owner), now=now)
    assert warn_owners_of_quota(now) == 0
    set_quota(workspace, 2 * QUOTA, actor=Actor(owner), now=now)
    warn_owners_of_quota(now)
    assert not StorageSettings.objects.get().is_warned
