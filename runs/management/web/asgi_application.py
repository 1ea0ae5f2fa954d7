"""The ASGI application in front of Django; it waits for slow clients.

It first receives the body, a large one only after the access rules permit it. Then the
request waits for a thread. Django responds, and the thread is free while the response
is sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any

from django.conf import settings

from runs.http import (
    AUTHORIZE_ONLY,
    BODY_LIMIT,
    REFUSAL,
    Counted,
    as_studio_error,
    counters,
)
from runs.management.web import request_bodies
from runs.management.web.callers import CallerKind, VerifiedCallers
from runs.management.web.connection import CONNECTION_KEY, Connection, Deadlines
from runs.management.web.django_calls import Application, DjangoCall, call_in_event_loop
from runs.management.web.fair_queue import (
    NOT_VERIFIED,
    THREADS,
    ClientGone,
    FairQueue,
    ThreadLimits,
)
from runs.management.web.request_bodies import Receive, RequestBody
from runs.management.web.request_kinds import MONITORING_PATHS, kind_of
from runs.management.web.response_sender import (
    BrokenResponse,
    Response,
    ResponseSender,
    Send,
)
from runs.management.web.wsgi_environ import create_environ
from studio.core.errors import StudioError

logger = logging.getLogger("studio.web")

#: Threads that read and write temporary and stored files, never the database.
FILE_THREADS = 4
#: The first is answered in the event loop, the others in a separate thread.
HEALTH_PATH, *CHECK_PATHS = (path.encode() for path in MONITORING_PATHS)
#: How long to wait for a small body of an unknown caller before checking the rules.
SMALL_BODY_SECONDS = 1.0
#: Such checks at a time in that thread; further ones are ordinary requests.
MAX_CHECKS = 4


class AsgiApplication:
    def __init__(self, application: Application) -> None:
        self.application = application
        self.callers = VerifiedCallers()
        self.deadlines = Deadlines.of_settings()
        limits = ThreadLimits(settings.CALLER_REQUESTS, settings.QUEUE_SECONDS)
        self.fair_queue = FairQueue(limits)
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
        exchange = RequestExchange(self, scope, receive, send)
        started = time.monotonic()
        counters.add(Counted.IN_PROGRESS)
        try:
            await exchange.run()
        finally:
            counters.add(Counted.IN_PROGRESS, amount=-1)
            kind = kind_of(exchange.environ["PATH_INFO"])
            seconds = time.monotonic() - started
            counters.count_request(kind, exchange.sender.status, seconds)


class RequestExchange:
    """One request and its response."""

    def __init__(
        self,
        front: AsgiApplication,
        scope: Mapping[str, Any],
        receive: Receive,
        send: Send,
    ) -> None:
        self.front = front
        self.connection: Connection = scope[CONNECTION_KEY]
        self.path = scope["raw_path"]
        self.receive = receive
        self.environ = create_environ(scope)
        self.sender = ResponseSender(self.connection, send, front.files)
        self.is_received = not self._has_body()

    async def run(self) -> None:
        body = RequestBody(self.front.files)
        try:
            await self._respond_or_refuse(body)
        except (ClientGone, BrokenResponse):
            # An incomplete response must not look complete to the client.
            self.connection.abort()
        finally:
            body.close()

    async def _respond_or_refuse(self, body: RequestBody) -> None:
        try:
            await self._respond_to_request(body)
        except (StudioError, OSError) as error:
            await self._send_error(error)

    async def _respond_to_request(self, body: RequestBody) -> None:
        if self.path == HEALTH_PATH and self.is_received:
            await self.sender.send(
                call_in_event_loop(self.front.application, self._without_credentials())
            )
            return
        limit = request_bodies.MAX_IN_MEMORY
        if self._is_large():
            permitted = await self._authorize()
            if permitted is None:
                return
            limit = permitted
        is_whole: bool | None = True
        if self._has_body() and self._can_receive_first():
            is_whole = await self._receive_body(body, limit)
        elif self._has_body():
            is_whole = await self._receive_or_refuse(body, limit)
        if is_whole is None:
            return
        response = await self._call_django(self.environ)
        if is_whole:
            await self.sender.send(response)
        else:
            await self._send_and_close(response)

    def _has_body(self) -> bool:
        is_chunked = "HTTP_TRANSFER_ENCODING" in self.environ
        return is_chunked or self.environ.get("CONTENT_LENGTH", "0") != "0"

    def _is_large(self) -> bool:
        if "HTTP_TRANSFER_ENCODING" in self.environ:
            # The size of a chunked body is known only at its end.
            return True
        return (
            int(self.environ.get("CONTENT_LENGTH", "0")) > request_bodies.MAX_IN_MEMORY
        )

    def _can_receive_first(self) -> bool:
        """Whether to wait for the body without checking its sender first."""
        known = self.front.callers.find(self.environ).kind not in NOT_VERIFIED
        return known or self._is_large()

    async def _receive_or_refuse(self, body: RequestBody, limit: int) -> bool | None:
        """Receive a small body; None if it was late and its sender was refused.

        Without the check, a client without a token would wait for the whole timeout.
        """
        receiving = asyncio.ensure_future(self._receive_body(body, limit))
        try:
            await asyncio.wait({receiving}, timeout=SMALL_BODY_SECONDS)
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
        environ = {**self.environ, AUTHORIZE_ONLY: True, "wsgi.input": BytesIO()}
        response = await self._call_django(environ)
        if BODY_LIMIT in environ:
            return int(environ[BODY_LIMIT])
        await self._send_and_close(response)
        return None

    async def _receive_body(self, body: RequestBody, limit: int) -> bool:
        is_whole = await request_bodies.receive_body(
            self.receive, body, self.front.deadlines.minimum_rate(), limit
        )
        received = await body.finish()
        self.is_received = is_whole
        self.environ["wsgi.input"] = received
        self.environ["CONTENT_LENGTH"] = str(body.size)
        return is_whole

    async def _call_django(self, environ: dict[str, Any]) -> Response:
        """Call Django in a thread, which is free again before the response is sent."""
        environ.setdefault("wsgi.input", BytesIO())
        front = self.front
        work = DjangoCall(front.application, environ, front.files)
        if self.path in CHECK_PATHS and front.checks < MAX_CHECKS:
            front.checks += 1
            return await work.run(front.ready, front.end_check)
        caller = front.callers.find(environ)
        if AUTHORIZE_ONLY in environ and caller.kind not in NOT_VERIFIED:
            caller = replace(caller, kind=CallerKind.UPLOADER)
        await front.fair_queue.start(caller, self.connection)
        response = await work.run(
            front.workers, partial(front.fair_queue.finish, caller)
        )
        front.callers.remember(environ)
        return response

    async def _send_and_close(self, response: Response, *, drains: bool = True) -> None:
        """Respond although the body was not read, then close the connection.

        Many clients read the response only after they have sent the body. `drains`
        gives them a few seconds to do so.
        """
        response.headers.append((b"connection", b"close"))
        await self.sender.send(response, ends_body=False)
        if drains:
            await request_bodies.drain_body(self.receive)
        await self.sender.end()

    async def _send_error(self, error: Exception) -> None:
        """Send an error that was raised outside Django, in the format of the path."""
        known = as_studio_error(error)
        if known is None:
            raise error
        if self.sender.has_begun:
            logger.warning("The response to %s was cut off: %s", self.path, error)
            raise BrokenResponse from error
        environ = {**self._without_credentials(), REFUSAL: known}
        work = DjangoCall(self.front.application, environ, self.front.files)
        response = await work.run(self.front.refusals, lambda: None)
        if self.is_received:
            await self.sender.send(response)
        else:
            # A client that was too slow gets no more time.
            await self._send_and_close(response, drains=known.status != 408)

    def _without_credentials(self) -> dict[str, Any]:
        """Copy the request without cookie and token, so that no query is needed."""
        dropped = ("HTTP_COOKIE", "HTTP_AUTHORIZATION")
        kept = {k: v for k, v in self.environ.items() if k not in dropped}
        return {**kept, "wsgi.input": BytesIO()}
