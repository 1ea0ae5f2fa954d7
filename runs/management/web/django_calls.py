"""Calls of the WSGI application, in a worker thread or in the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from django.http import HttpResponseBase

from runs.http import is_file_stream
from runs.management.web.relay import Abandoned, Relay
from runs.management.web.response_sender import Answer, Headers, Rest, gather

Application = Callable[..., HttpResponseBase]


class Call:
    """One call in a thread. The answer can be ready before the thread is free."""

    def __init__(
        self,
        application: Application,
        environ: dict[str, Any],
        readers: ThreadPoolExecutor,
    ) -> None:
        self.application = application
        self.environ = environ
        self.readers = readers
        self.loop = asyncio.get_running_loop()
        self.answered: asyncio.Future[Answer] = self.loop.create_future()

    async def run(self, pool: Executor, when_free: Callable[[], None]) -> Answer:
        running = self.loop.run_in_executor(pool, self._work)

        def freed(done: asyncio.Future[Answer]) -> None:
            when_free()
            error = None if done.cancelled() else done.exception()
            if self.answered.done():
                # A stream's: its sender gets the error from the relay.
                return
            if error is not None:
                self.answered.set_exception(error)
            elif done.cancelled():
                self.answered.cancel()
            else:
                self.answered.set_result(done.result())

        running.add_done_callback(freed)
        return await self.answered

    def _work(self) -> Answer:
        status, headers, response = begin(self.application, self.environ)
        if self.environ["REQUEST_METHOD"] == "HEAD":
            response.close()
            return Answer(status, headers)
        if not response.streaming:
            return whole(status, headers, body_of(response))
        chunks: Iterator[bytes] = iter(response)
        if is_file_stream(response):
            return self._from_files(Answer(status, headers), response, chunks)
        relay = Relay(self.loop, self.readers)
        answer = Answer(status, headers, relay=relay)
        self.loop.call_soon_threadsafe(self._deliver, answer)
        produce(relay, response, chunks)
        return answer

    def _from_files(
        self, answer: Answer, response: HttpResponseBase, chunks: Iterator[bytes]
    ) -> Answer:
        """A small file is whole now; the rest of a large one is read when wanted."""
        try:
            answer.body, is_all = gather(chunks)
        except BaseException:
            response.close()
            raise
        if is_all:
            response.close()
        else:
            answer.rest = Rest(chunks, response.close)
        return answer

    def _deliver(self, answer: Answer) -> None:
        if not self.answered.done():
            self.answered.set_result(answer)


def produce(relay: Relay, response: HttpResponseBase, chunks: Iterator[bytes]) -> None:
    """Run the stream to its end, in the thread that owns its database connection."""
    try:
        for chunk in chunks:
            relay.put(chunk)
        relay.finish()
    except Abandoned as error:
        relay.finish(error)
    except BaseException as error:
        relay.finish(error)
        raise
    finally:
        response.close()


def call_now(application: Application, environ: dict[str, Any]) -> Answer:
    """Answer in the event loop, where Django can't query the database."""
    status, headers, response = begin(application, environ)
    return whole(status, headers, body_of(response))


def whole(status: int, headers: Headers, body: bytes) -> Answer:
    """Set Content-Length where it is missing, so that the answer is not chunked."""
    if body and not any(name.lower() == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(body)).encode()))
    return Answer(status, headers, body)


def begin(
    application: Application, environ: dict[str, Any]
) -> tuple[int, Headers, HttpResponseBase]:
    started: list[tuple[int, Headers]] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        encoded = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]
        started.append((int(status[:3]), encoded))

    response = application(environ, start_response)
    return *started[0], response


def body_of(response: HttpResponseBase) -> bytes:
    try:
        return b"".join(response)
    finally:
        response.close()
