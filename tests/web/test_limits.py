"""Who gets a thread next, in the event loop alone: no server, no thread."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Coroutine
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from runs.http.environ_keys import KNOWN_CALLER
from runs.management.web.callers import (
    VERIFIED_SECONDS,
    Caller,
    CallerKind,
    VerifiedCallers,
)
from runs.management.web.fair_queue import ClientGone, FairQueue, ThreadLimits
from runs.management.web.transfer_rate import MinimumRate
from studio.core.errors import TooManyRequests
from tests.parts.waiting import run_apart

#: Of eight threads, six are for all but people; strangers have one.
LIMITS = ThreadLimits(per_caller=2, wait_seconds=30, threads=8)


class Link:
    """A client's connection, which ends when the test says so."""

    def __init__(self) -> None:
        self.is_lost = False
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @contextmanager
    def disconnected(self) -> Any:
        yield self._lost

    def lose(self) -> None:
        self.is_lost = True
        self._lost.set_result(None)


class Office:
    """Starts requests; `started` are the names of those that got a thread, in order."""

    def __init__(self, limits: ThreadLimits = LIMITS) -> None:
        self.fair_queue = FairQueue(limits)
        self.started: list[str] = []

    async def ask(
        self, name: str, kind: CallerKind = CallerKind.SCRIPT, link: Link | None = None
    ) -> asyncio.Task[None]:
        caller = Caller(kind, name[0])
        task = asyncio.create_task(self._wait(name, caller, link or Link()))
        await write_identities()
        return task

    async def _wait(self, name: str, caller: Caller, link: Any) -> None:
        await self.fair_queue.start(caller, link)
        self.started.append(name)

    async def finish(self, name: str, kind: CallerKind = CallerKind.SCRIPT) -> None:
        self.fair_queue.finish(Caller(kind, name[0]))
        await write_identities()


async def write_identities() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_apart(work())


def test_a_caller_over_its_limit_waits_and_another_does_not() -> None:
    async def work() -> None:
        office = Office()
        for name in ("a1", "a2", "a3", "b1"):
            await office.ask(name)
        assert office.started == ["a1", "a2", "b1"]
        await office.finish("a")
        assert office.started == ["a1", "a2", "b1", "a3"]

    run(work)


def test_callers_that_wait_take_turns() -> None:
    async def work() -> None:
        office = Office(ThreadLimits(per_caller=4, wait_seconds=30, threads=4))
        for name in ("x1", "x2", "x3", "a1", "a2", "a3", "b1", "c1"):
            await office.ask(name)
        for name in ("x", "x", "x"):
            await office.finish(name)
        assert office.started == ["x1", "x2", "x3", "a1", "b1", "c1"]

    run(work)


def test_some_threads_are_reserved_for_browsers() -> None:
    async def work() -> None:
        office = Office()
        for name in ("a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"):
            await office.ask(name)
        assert len(office.started) == LIMITS.max_per_group == 6
        await office.ask("p1", CallerKind.BROWSER)
        assert office.started[-1] == "p1"

    run(work)


def test_few_other_requests_start_during_a_page_request() -> None:
    async def work() -> None:
        office = Office(ThreadLimits(per_caller=2, wait_seconds=30, threads=16))
        await office.ask("p1", CallerKind.BROWSER)
        for name in ("a1", "b1", "c1", "d1"):
            await office.ask(name)
        assert office.started == ["p1", "a1", "b1"]
        await office.finish("p", CallerKind.BROWSER)
        assert office.started == ["p1", "a1", "b1", "c1", "d1"]

    run(work)


def test_strangers_and_invalid_credentials_share_an_eighth_of_the_threads() -> None:
    async def work() -> None:
        office = Office(ThreadLimits(per_caller=2, wait_seconds=30, threads=16))
        await office.ask("a1", CallerKind.ANONYMOUS)
        await office.ask("b1", CallerKind.UNVERIFIED)
        await office.ask("c1", CallerKind.UNVERIFIED)
        await office.ask("t1", CallerKind.SCRIPT)
        assert office.started == ["a1", "b1", "t1"]
        await office.finish("a", CallerKind.ANONYMOUS)
        assert office.started == ["a1", "b1", "t1", "c1"]

    run(work)


def test_a_waiting_stranger_gets_a_turn_among_waiting_programs() -> None:
    async def work() -> None:
        office = Office()
        names = ("a1", "a2", "b1", "b2", "c1", "c2")
        for name in (*names, "d1", "d2", "e1"):
            await office.ask(name)
        await office.ask("s1", CallerKind.ANONYMOUS)
        for name in ("a", "b"):
            await office.finish(name)
        assert "s1" in office.started

    run(work)


def test_a_request_that_waited_too_long_is_refused() -> None:
    async def work() -> None:
        office = Office(ThreadLimits(per_caller=1, wait_seconds=0.01, threads=8))
        await office.ask("a1")
        late = await office.ask("a2")
        with pytest.raises(TooManyRequests):
            await late
        await office.finish("a")
        await office.ask("a3")
        assert office.started == ["a1", "a3"]

    run(work)


def test_a_client_that_leaves_while_waiting_takes_no_thread() -> None:
    async def work() -> None:
        office = Office()
        for name in ("a1", "a2"):
            await office.ask(name)
        link = Link()
        gone = await office.ask("a3", link=link)
        await office.ask("a4")
        link.lose()
        with pytest.raises(ClientGone):
            await gone
        await office.finish("a")
        assert office.started == ["a1", "a2", "a4"]

    run(work)


def test_a_credential_is_trusted_after_the_application_verified_it() -> None:
    now = [0.0]
    callers = VerifiedCallers(lambda: now[0])
    environ = {"HTTP_AUTHORIZATION": "Bearer x", "REMOTE_ADDR": "192.0.2.7"}
    assert callers.find(environ) == Caller(CallerKind.UNVERIFIED, "192.0.2.7")
    callers.remember({**environ, KNOWN_CALLER: "token"})
    assert callers.find(environ).kind is CallerKind.SCRIPT
    other = {**environ, "HTTP_AUTHORIZATION": "Bearer y"}
    assert callers.find(other).kind is CallerKind.UNVERIFIED
    now[0] = VERIFIED_SECONDS + 1
    assert callers.find(environ).kind is CallerKind.UNVERIFIED


def test_a_refused_credential_is_no_longer_trusted() -> None:
    callers = VerifiedCallers()
    environ = {"HTTP_AUTHORIZATION": "Bearer x", "REMOTE_ADDR": "192.0.2.7"}
    callers.remember({**environ, KNOWN_CALLER: "token"})
    callers.remember({**environ, KNOWN_CALLER: ""})
    assert callers.find(environ).kind is CallerKind.UNVERIFIED


def test_a_response_that_checked_no_credential_changes_nothing() -> None:
    callers = VerifiedCallers()
    environ = {"HTTP_AUTHORIZATION": "Bearer x", "REMOTE_ADDR": "192.0.2.7"}
    callers.remember({**environ, KNOWN_CALLER: "token"})
    callers.remember(environ)
    assert callers.find(environ).kind is CallerKind.SCRIPT


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "known"), [("/static/none.css", None), ("/none", None), ("/", "")]
)
def test_the_application_reports_whether_it_checked_the_credential(
    client: Client, path: str, known: str | None
) -> None:
    answer: Any = client.get(path, HTTP_AUTHORIZATION="Bearer invented")
    assert answer.wsgi_request.META.get(KNOWN_CALLER) == known


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bearer x", "bearer   x"),
        ("Bearer x", f"Basic {b64encode(b'whoever:x').decode()}"),
    ],
)
def test_every_spelling_of_a_token_is_the_same_caller(one: str, other: str) -> None:
    callers = VerifiedCallers()
    first = {"HTTP_AUTHORIZATION": one, "REMOTE_ADDR": "192.0.2.7"}
    second = {"HTTP_AUTHORIZATION": other, "REMOTE_ADDR": "192.0.2.7"}
    callers.remember({**first, KNOWN_CALLER: "token"})
    callers.remember({**second, KNOWN_CALLER: "token"})
    assert callers.find(first) == callers.find(second)


def test_a_session_is_the_same_caller_with_any_other_cookies() -> None:
    callers = VerifiedCallers()
    name = settings.SESSION_COOKIE_NAME
    plain = {"HTTP_COOKIE": f"{name}=x", "REMOTE_ADDR": "192.0.2.7"}
    # Read by the letter, the quoted value hides the session that Django sees.
    hidden = f'{name}=invented; a="; {name}=x; "'
    callers.remember({**plain, KNOWN_CALLER: "session"})
    found = callers.find({**plain, "HTTP_COOKIE": hidden})
    assert found == callers.find(plain)
    assert found.kind is CallerKind.BROWSER


def test_a_transfer_can_pause_but_must_keep_its_average_rate() -> None:
    rate = MinimumRate(1000, 30)
    rate.count_transfer(29, 0)
    assert not rate.is_too_slow
    rate.count_transfer(60, 60_000)
    assert not rate.is_too_slow
    rate.count_transfer(2, 500)
    assert rate.is_too_slow


def test_fast_bytes_do_not_allow_a_longer_pause_later() -> None:
    rate = MinimumRate(1000, 30)
    rate.count_transfer(1, 10_000_000)
    rate.count_transfer(31, 0)
    assert rate.is_too_slow
