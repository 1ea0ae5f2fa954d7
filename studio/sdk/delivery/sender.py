"""Takes one writer's records to the server, each sort in its order.

The server says by number how far it has come, so a record that is sent twice counts
once: after a lost answer, a crash, or a restart the courier goes on from what the
server has. It keeps nothing in memory but the batch under way.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.core.errors import AlreadyExists, Conflict, StudioError
from studio.sdk.client import Client
from studio.sdk.delivery.log_delivery import Logs
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.receipts import Losses, Receipt, Tally, tally_of
from studio.sdk.delivery.records import (
    Request,
    log_size,
    unpack_file,
    unpack_log,
    unpack_request,
)
from studio.sdk.delivery.retry_policy import (
    ODD,
    TIMEOUT,
    WRONG,
    Blocked,
    Pause,
    as_trouble,
)
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.spool_folder import Place
from studio.sdk.delivery.staged_files import deliver_file, drop_held

#: Of one batch of rows; the server takes no more.
BATCH_ROWS = 10_000
BATCH_BYTES = 4 * 1024 * 1024
#: A batch that is not full waits so long for more to come.
LINGER_SECONDS = 1.0
#: So many rows may be refused one after another: then it is not the rows.
MOST_GIVEN_UP = 20


class Courier:
    """The deliveries of one writer. Two threads of the sender's move it: one `step`s,
    the other `upload`s.
    """

    def __init__(self, place: Place, client: Client, *, living: bool) -> None:
        self.place, self.client, self.living = place, client, living
        make = Spool if living else Spool.found
        folder = place.folder
        self.requests = make(folder, "requests")
        self.rows = make(folder, "rows")
        self.logs = make(folder, "logs", log_size)
        self.files = make(folder, "files")
        if not living:
            done = place.read("done.json")
            self.requests.acknowledge(int(done.get("requests", 0)))
            self.files.acknowledge(int(done.get("files", 0)))
        self.losses = Losses(self)
        #: How the run ended, where `end.json` could not be written.
        self.ending: dict[str, Any] | None = None
        self.progress = 0
        self.hurried = not living
        self.cancel = False
        self.receipt: Receipt | None = None
        self.log_bytes = max(self.losses.logged_bytes, _bytes_up_to(self.logs.last))
        self.is_closing = not living
        #: Whether the rest is a later process's.
        self.is_left = False
        self._pause, self._upload_pause = Pause(), Pause()
        self._most = BATCH_ROWS
        self._sent_at = 0.0
        self._given_up = 0
        self._log_sender = Logs(self)
        # The next request, and its number, as far as it was read.
        self._request: tuple[int, Request] | None = None
        self._settling = threading.Lock()

    @property
    def base(self) -> str:
        return f"runs/{self.place.owner.run_id}"

    @property
    def _spools(self) -> tuple[Spool, ...]:
        return (self.requests, self.rows, self.logs, self.files)

    @property
    def waiting(self) -> int:
        return sum(spool.waiting for spool in self._spools)

    @property
    def trouble(self) -> StudioError | None:
        """What went wrong last and was not mended since."""
        return self._pause.error or self._upload_pause.error

    @property
    def trouble_since(self) -> float:
        return self._pause.since or self._upload_pause.since

    @property
    def is_blocked(self) -> bool:
        """Whether somebody must mend something first: a token, a role, the run."""
        others = self.rows.waiting or self.logs.waiting or self.waits_for_its_run
        no_upload = self._upload_pause.is_blocked and not others
        return self._pause.is_blocked or no_upload

    @property
    def is_drained(self) -> bool:
        return not self.waiting

    @property
    def waits_for_its_run(self) -> bool:
        """Whether a request comes before all else; a snapshot does not."""
        return bool(self.requests.waiting) and self._held_request() is None

    def hurry(self) -> None:
        """Somebody waits for it: nothing lingers, and all is tried again."""
        self.hurried = True
        self._pause.hurry()
        self._upload_pause.hurry()

    def step(self) -> bool:
        """Send what is due; whether there was anything. Never raises StudioError."""
        return self._try(self._step, self._pause)

    def upload(self) -> bool:
        """Deliver one file, or a snapshot that waits; whether there was one."""
        return self._try(self._upload, self._upload_pause)

    def _try(self, act: Callable[[], bool], pause: Pause) -> bool:
        if not pause.is_over:
            return False
        try:
            did = act()
        except ODD as error:
            was_told, trouble = self.trouble is not None, as_trouble(error)
            pause.begin(trouble)
            if pause.is_blocked and not was_told:
                tell(f"{trouble.message} What is logged waits in {self.place.folder}.")
            return False
        if did:
            pause.end()
            self.progress += 1
        return did

    def _step(self) -> bool:
        if self.requests.waiting and self._held_request() is None:
            number, request = next_request(self.requests)
            self._request = number, request
            if not request.held:
                self._send(request)
                return True
        is_due = self.hurried or time.monotonic() - self._sent_at >= LINGER_SECONDS
        did = False
        if self.rows.waiting and (is_due or self.rows.waiting >= self._most):
            self._send_rows()
            did = True
        if self.logs.waiting and is_due:
            self._log_sender.send()
            did = True
        if did:
            self._sent_at = time.monotonic()
        elif self.is_closing and self.is_drained and self.receipt is None:
            receipt = part(self)
            self.place.remove()
            # Last: whoever waits for it may end the process.
            self.receipt = receipt
            did = True
        return did

    def _upload(self) -> bool:
        request = self._held_request()
        if request is not None:
            self._send(request)
        elif self.files.waiting and not self.requests.waiting:
            _, [payload] = self.files.read(1, BATCH_BYTES)
            file = unpack_file(payload)
            deliver_file(self, file)
            self._settle(self.files, file.held)
        else:
            return False
        return True

    def _held_request(self) -> Request | None:
        """The next request where its body is a file: what else there is goes first.

        A snapshot may be large, and nothing needs it; what makes the run came before.
        """
        number, request = self._request or (-1, None)
        is_next = request is not None and number == self.requests.done
        return request if is_next and request and request.held else None

    def _send(self, request: Request) -> None:
        send_request(self.client, request, self.place.folder / "held")
        self._settle(self.requests, request.held)

    def _send_rows(self) -> None:
        first, payloads = self.rows.read(self._most, BATCH_BYTES)
        body = b'{"first":%d,"rows":[%b]}' % (first, b",".join(payloads))
        try:
            reply = self._post_rows(body)
        except Conflict as error:
            self._catch_up(error, first)
            return
        except WRONG as error:
            self._narrow(first, len(payloads), error)
            return
        self._most = min(2 * self._most, BATCH_ROWS)
        self._given_up = 0
        self.cancel = self.cancel or bool(reply["cancel"])
        for refused in reply["refused"]:
            tell(f"A metric was refused: {refused['message']}", once=True)
        self.rows.acknowledge(int(reply["next"]))

    def _settle(self, spool: Spool, held: str) -> None:
        """The first record of the spool is delivered, and with it what it held.

        A later process must not look for what is gone, so that is noted before. The
        acknowledgement is the last: with it all may be delivered, and the folder go.
        """
        with self._settling:
            done = {one.sort: one.done for one in (self.requests, self.files)}
            done[spool.sort] += 1
            try:
                self.place.write("done.json", done)
            except OSError:
                # On a full disk: it goes with the folder.
                held = ""
            drop_held(self.place.folder, held)
            spool.acknowledge(done[spool.sort])

    def _post_rows(self, body: bytes) -> Any:
        path = f"{self.base}/writers/{self.place.owner.writer}/rows"
        kind = {"Content-Type": "application/json"}
        return self.client.send(
            "POST", path, body, headers=kind, timeout=TIMEOUT, attempts=1
        )

    def _catch_up(self, error: Conflict, first: int) -> None:
        """The server lacks rows before `first`, as after its backup was restored.

        They are gone here too: their numbers are used up, and the receipt tells.
        """
        if "expected" not in error.details:
            raise error
        expected = int(error.details["expected"])
        count = min(first - expected, BATCH_ROWS)
        nothing = ",".join(["null"] * count)
        self._post_rows(b'{"first":%d,"rows":[%b]}' % (expected, nothing.encode()))

    def _narrow(self, first: int, count: int, error: StudioError) -> None:
        """Find the row for which the whole batch is refused, and give up that one."""
        if count > 1:
            self._most = max(1, count // 2)
            return
        self._given_up += 1
        if self._given_up > MOST_GIVEN_UP:
            # It is not the rows: give none of the others up.
            raise Blocked(error.message)
        tell(f"A metric was refused: {error.message}", once=True)
        reply = self._post_rows(b'{"first":%d,"rows":[null]}' % first)
        self.rows.acknowledge(int(reply["next"]))

    def keep_ending(self) -> None:
        """How the run ended, for a later process."""
        if self.ending is not None:
            with contextlib.suppress(OSError):
                self.place.write("end.json", self.ending)

    def release(self) -> None:
        """Leave the rest to a later process. May be repeated."""
        self.is_left = True
        for spool in self._spools:
            spool.close()
        self.losses.keep()
        self.place.leave()

    def forget(self) -> None:
        """Close the copies of the parent's files; called in a forked child."""
        for spool in self._spools:
            spool.forget()
        self.place.leave()

    def tally(self) -> Receipt:
        """How things are now; what is in the spool waits."""
        return self.receipt or Receipt(
            self.place.owner.run_id,
            self.losses.points(self.rows.done - self.rows.damaged),
            self.losses.files(),
            Tally(self.log_bytes, self._log_sender.stored),
            waiting=self.waiting,
            gone=self.losses.now(),
        )


def _bytes_up_to(last: bytes) -> int:
    """How many bytes had been logged when the last piece was."""
    if not last:
        return 0
    piece = unpack_log(last)
    return piece.total + len(piece.data)


LONGEST = 32 * 1024 * 1024


def next_request(requests: Spool) -> tuple[int, Request]:
    """The next one to send, which stays there until it is acknowledged; its number."""
    first, [payload] = requests.read(1, LONGEST)
    return first, unpack_request(payload)


def send_request(client: Client, request: Request, held: Path) -> None:
    """Send it. One that is refused is told and left out.

    `held` is the folder of bodies that are files. Raises the error of an essential
    one, such as the run's making, and what may pass.
    """
    try:
        if request.held:
            _upload(client, request, held / request.held)
        else:
            client.json(
                request.method, request.path, request.body, timeout=TIMEOUT, attempts=1
            )
    except (*WRONG, Conflict) as error:
        if request.essential:
            raise
        if not isinstance(error, AlreadyExists):
            tell(f"{request.method} {request.path} was refused: {error.message}")


def _upload(client: Client, request: Request, file: Path) -> None:
    try:
        content = file.open("rb")
    except OSError as error:
        tell(f"{request.path} was not kept: {error.strerror or error}")
        return
    with content:
        client.upload(
            request.path,
            content,
            file.stat().st_size,
            timeout=TIMEOUT,
            attempts=1,
        )


def part(courier: Courier) -> Receipt:
    """Called when all was delivered; may be repeated. Raises StudioError."""
    receipt = _write_receipt(courier)
    ending = courier.ending or courier.place.read("end.json")
    status = ending.get("status")
    if status:
        body = {
            "status": status,
            "message": ending.get("message", ""),
            "ended": ending.get("ended"),
        }
        path = f"{courier.base}/status"
        try:
            courier.client.json("POST", path, body, timeout=TIMEOUT, attempts=1)
        except (*WRONG, Conflict) as error:
            tell(f"The status {status} was refused: {error.message}")
    return receipt


def _write_receipt(courier: Courier) -> Receipt:
    owner, losses = courier.place.owner, courier.losses
    files = losses.files()
    body = {
        "points": losses.points(0).sent,
        "files": files.sent,
        "stored_files": files.stored,
        "log_bytes": courier.log_bytes,
    }
    path = f"{courier.base}/writers/{owner.writer}"
    told = courier.client.json("PUT", path, body, timeout=TIMEOUT, attempts=1)
    return Receipt(
        owner.run_id,
        tally_of(told["points"]),
        tally_of(told["files"]),
        tally_of(told["log_bytes"]),
        gone=losses.now(),
    )
