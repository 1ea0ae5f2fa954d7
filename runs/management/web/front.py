"""The ASGI application before Django: what a slow client does happens here.

A request's way: its body is received, a large one after the access rules let its sender
in; then it waits for a thread; Django answers; the answer is sent without the thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any

from django.conf import settings

from runs.http import AUTHORIZE_ONLY, BODY_LIMIT, REFUSAL, as_studio_error
from runs.management.web import bodies
from runs.management.web.answers import Answer, Broken, Send, Sender
from runs.management.web.bodies import Body, Receive
from runs.management.web.callers import Callers, Kind
from runs.management.web.django_calls import Application, Call, call_now
from runs.management.web.environ import environ_of
from runs.management.web.limits import (
    THREADS,
    UNVERIFIED,
    ClientGone,
    Limits,
    Scheduler,
)
from runs.management.web.protocol import CONNECTION, Connection, Deadlines
from studio.core.errors import StudioError

logger = logging.getLogger("studio.web")

#: Threads that read and write temporary and stored files, never the database.
FILE_THREADS = 4
#: Answered by the event loop itself, and by a thread of its own.
ALIVE, READY = b"/healthz", b"/readyz"
#: How long to wait for a small body of an unknown caller before checking the rules.
SOON_SECONDS = 1.0
#: Of these at a time by that thread; more are requests like any other.
MAX_CHECKS = 4


class Front:
    def __init__(self, application: Application) -> None:
        self.application = application
        self.callers = Callers()
        self.deadlines = Deadlines.of_settings()
        limits = Limits(settings.CALLER_REQUESTS, settings.QUEUE_SECONDS)
        self.scheduler = Scheduler(limits)
        self.workers = ThreadPoolExecutor(THREADS, "worker")
        self.files = ThreadPoolExecutor(FILE_THREADS, "files")
        self.ready = ThreadPoolExecutor(1, "ready")
        self.checks = 0
        # Not the event loop: a thousand slow bodies may end in the same moment.
        self.refusals = ThreadPoolExecutor(1, "refusals")

    def end_check(self) -> None:
        self.checks -= 1

    async def __call__(
        self, scope: Mapping[str, Any], receive: Receive, send: Send
    ) -> None:
        await Exchange(self, scope, receive, send).run()


class Exchange:
    """One request and its answer."""

    def __init__(
        self, front: Front, scope: Mapping[str, Any], receive: Receive, send: Send
    ) -> None:
        self.front = front
        self.link: Connection = scope[CONNECTION]
        self.path = scope["raw_path"]
        self.receive = receive
        self.environ = environ_of(scope)
        self.sender = Sender(self.link, send, front.files)
        self.is_received = not self._has_body()

    async def run(self) -> None:
        body = Body(self.front.files)
        try:
            await self._answer_or_refuse(body)
        except (ClientGone, Broken):
            # Not only gone: an answer that broke off must not look complete.
            self.link.cut()
        finally:
            body.close()

    async def _answer_or_refuse(self, body: Body) -> None:
        try:
            await self._answer(body)
        except (StudioError, OSError) as error:
            await self._refuse(error)

    async def _answer(self, body: Body) -> None:
        if self.path == ALIVE and self.is_received:
            await self.sender.send(call_now(self.front.application, self._nameless()))
            return
        limit = bodies.MAX_IN_MEMORY
        if self._is_large():
            permitted = await self._authorize()
            if permitted is None:
                return
            limit = permitted
        is_whole: bool | None = True
        if self._has_body() and self._is_expected():
            is_whole = await self._receive(body, limit)
        elif self._has_body():
            is_whole = await self._receive_or_refuse(body, limit)
        if is_whole is None:
            return
        answer = await self._call(self.environ)
        if is_whole:
            await self.sender.send(answer)
        else:
            await self._send_and_close(answer)

    def _has_body(self) -> bool:
        is_chunked = "HTTP_TRANSFER_ENCODING" in self.environ
        return is_chunked or self.environ.get("CONTENT_LENGTH", "0") != "0"

    def _is_large(self) -> bool:
        if "HTTP_TRANSFER_ENCODING" in self.environ:
            return True
        return int(self.environ.get("CONTENT_LENGTH", "0")) > bodies.MAX_IN_MEMORY

    def _is_expected(self) -> bool:
        """Whether the body is waited for without a look at its sender."""
        known = self.front.callers.find(self.environ).kind not in UNVERIFIED
        return known or self._is_large()

    async def _receive_or_refuse(self, body: Body, limit: int) -> bool | None:
        """Receive a small body; None where it did not come soon and was refused.

        Its sender would otherwise learn only after the deadline that it needs a token.
        """
        receiving = asyncio.ensure_future(self._receive(body, limit))
        try:
            await asyncio.wait({receiving}, timeout=SOON_SECONDS)
            if receiving.done() or await self._is_permitted():
                return await receiving
        finally:
            receiving.cancel()
        return None

    async def _is_permitted(self) -> bool:
        return await self._authorize() is not None

    async def _authorize(self) -> int | None:
        """How many bytes the caller may send; None after a refusal was sent.

        The same rules as for any request, before the body is read.
        """
        asked = {**self.environ, AUTHORIZE_ONLY: True, "wsgi.input": BytesIO()}
        answer = await self._call(asked)
        if BODY_LIMIT in asked:
            return int(asked[BODY_LIMIT])
        await self._send_and_close(answer)
        return None

    async def _receive(self, body: Body, limit: int) -> bool:
        is_whole = await bodies.receive(
            self.receive, body, self.front.deadlines.pace(), limit
        )
        received = await body.finish()
        self.is_received = is_whole
        self.environ["wsgi.input"] = received
        self.environ["CONTENT_LENGTH"] = str(body.size)
        return is_whole

    async def _call(self, environ: dict[str, Any]) -> Answer:
        """Django's answer, by a thread that is held no longer than it works."""
        environ.setdefault("wsgi.input", BytesIO())
        front = self.front
        work = Call(front.application, environ, front.files)
        if self.path == READY and front.checks < MAX_CHECKS:
            front.checks += 1
            return await work.run(front.ready, front.end_check)
        caller = front.callers.find(environ)
        if AUTHORIZE_ONLY in environ and caller.kind not in UNVERIFIED:
            caller = replace(caller, kind=Kind.SENDER)
        await front.scheduler.start(caller, self.link)
        answer = await work.run(front.workers, partial(front.scheduler.finish, caller))
        front.callers.learn(environ)
        return answer

    async def _send_and_close(self, answer: Answer, *, patient: bool = True) -> None:
        """Answer before the body was read; let its sender see that, then close."""
        answer.headers.append((b"connection", b"close"))
        await self.sender.send(answer, ends=False)
        if patient:
            await bodies.drain(self.receive)
        await self.sender.end()

    async def _refuse(self, error: Exception) -> None:
        """An error of the front, in the form that the path's protocol has."""
        known = as_studio_error(error)
        if known is None:
            raise error
        if self.sender.has_begun:
            logger.warning("The answer to %s broke off: %s", self.path, error)
            raise Broken from error
        asked = {**self._nameless(), REFUSAL: known}
        work = Call(self.front.application, asked, self.front.files)
        answer = await work.run(self.front.refusals, lambda: None)
        if self.is_received:
            await self.sender.send(answer)
        else:
            await self._send_and_close(answer, patient=known.status != 408)

    def _nameless(self) -> dict[str, Any]:
        """The request without its sender, so that its answer asks no database."""
        dropped = ("HTTP_COOKIE", "HTTP_AUTHORIZATION")
        kept = {k: v for k, v in self.environ.items() if k not in dropped}
        return {**kept, "wsgi.input": BytesIO()}
