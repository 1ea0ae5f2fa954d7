"""Takes one writer's records to the server, each sort in its order.

The server says by number how far it has come, so a record that is sent twice counts
once: after a lost answer, a crash, or a restart the courier goes on from what the
server has. It keeps nothing in memory but the batch under way.
"""

from __future__ import annotations

import contextlib
import random
import time
from typing import Any

from studio.core.errors import (
    Conflict,
    StudioError,
)
from studio.sdk.answers import is_temporary
from studio.sdk.client import Client
from studio.sdk.delivery.counts import Receipt, Tally
from studio.sdk.delivery.holding import deliver_file, drop_held
from studio.sdk.delivery.logs import Logs
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.parting import part
from studio.sdk.delivery.place import Place
from studio.sdk.delivery.records import unpack_file, unpack_log
from studio.sdk.delivery.requests import next_request, send_request
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.terms import ODD, TIMEOUT, WRONG, Blocked, as_trouble

#: Of one batch of rows; the server takes no more.
BATCH_ROWS = 10_000
BATCH_BYTES = 4 * 1024 * 1024
#: A batch that is not full waits so long for more to come.
LINGER_SECONDS = 1.0
FIRST_WAIT, LONGEST_WAIT = 0.25, 15.0
#: How soon to look again at what somebody must mend: a token, a role, a run.
BLOCKED_SECONDS = 60.0
#: So many rows may be refused one after another: then it is not the rows.
MOST_GIVEN_UP = 20


class Courier:
    """The deliveries of one writer. All methods but `wake` are the sender's alone."""

    def __init__(self, place: Place, client: Client, *, living: bool) -> None:
        self.place, self.client, self.living = place, client, living
        make = Spool if living else Spool.found
        folder = place.folder
        self.requests = make(folder, "requests")
        self.rows = make(folder, "rows")
        self.logs = make(folder, "logs")
        self.files = make(folder, "files")
        self.losses: dict[str, int] = {}
        if not living:
            self.losses.update(place.read("losses.json"))
            done = place.read("done.json")
            self.requests.acknowledge(int(done.get("requests", 0)))
            self.files.acknowledge(int(done.get("files", 0)))
        self.trouble: StudioError | None = None
        self.trouble_since = 0.0
        #: How the run ended, where `end.json` could not be written.
        self.ending: dict[str, Any] | None = None
        self.not_before = self.files_not_before = 0.0
        self.progress = 0
        self.hurried = not living
        self.cancel = False
        self.receipt: Receipt | None = None
        self.log_bytes = 0 if living else _bytes_up_to(self.logs.last)
        self.is_closing = not living
        #: Whether the rest is a later process's.
        self.is_left = False
        self._most = BATCH_ROWS
        self._wait = FIRST_WAIT
        self._sent_at = 0.0
        self._given_up = 0
        self._log_sender = Logs(self)

    @property
    def base(self) -> str:
        return f"runs/{self.place.owner.run_id}"

    @property
    def waiting(self) -> int:
        return (
            self.requests.waiting
            + self.rows.waiting
            + self.logs.waiting
            + self.files.waiting
        )

    @property
    def is_blocked(self) -> bool:
        """Whether somebody must mend something first: a token, a role, the run."""
        return self.trouble is not None and not is_temporary(self.trouble)

    @property
    def is_drained(self) -> bool:
        return not self.waiting

    def step(self) -> bool:
        """Send what is due; whether there was anything. Never raises StudioError."""
        if time.monotonic() < self.not_before:
            return False
        try:
            did = self._step()
        except ODD as error:
            self._failed(as_trouble(error))
            return False
        if did:
            self.trouble, self.trouble_since = None, 0.0
            self._wait = FIRST_WAIT
            self.progress += 1
        return did

    def _step(self) -> bool:
        if self.requests.waiting:
            request = next_request(self.requests)
            send_request(self.client, request, self.place.folder / "held")
            self._settle(self.requests, request.held)
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

    def _failed(self, error: StudioError) -> None:
        told = self.trouble is not None
        self.trouble_since = self.trouble_since or time.monotonic()
        self.trouble = error
        if is_temporary(error):
            wait = max(self._wait, float(error.details.get("retry_after", 0)))
            self._wait = min(2 * self._wait, LONGEST_WAIT)
            wait *= random.uniform(0.5, 1.0)  # noqa: S311
        else:
            wait = BLOCKED_SECONDS
            if not told:
                tell(f"{error.message} What is logged waits in {self.place.folder}.")
        self.not_before = time.monotonic() + wait

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

    def upload(self) -> bool:
        """Deliver one file; whether there was one. Never raises StudioError."""
        if not self.files.waiting or time.monotonic() < self.files_not_before:
            return False
        try:
            _, [payload] = self.files.read(1, BATCH_BYTES)
            file = unpack_file(payload)
            deliver_file(self, file)
        except ODD as error:
            self._failed(as_trouble(error))
            self.files_not_before = self.not_before
            return False
        self._settle(self.files, file.held)
        self.progress += 1
        return True

    def _settle(self, spool: Spool, held: str) -> None:
        """The first record of the spool is delivered, and with it what it held.

        A later process must not look for what is gone, so that is noted before. The
        acknowledgement is the last: with it all may be delivered, and the folder go.
        """
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
        for spool in (self.requests, self.rows, self.logs, self.files):
            spool.close()
        lost = {
            "rows": self.rows.lost,
            "files": self.files.lost,
            "log_pieces": self.logs.lost,
        }
        for name, count in lost.items():
            if count:
                self.lose(name, count)
        self.place.leave()

    def forget(self) -> None:
        """Close the copies of the parent's files; called in a forked child."""
        for spool in (self.requests, self.rows, self.logs, self.files):
            spool.forget()
        self.place.leave()

    def lose(self, what: str, count: int) -> None:
        """Count a loss, and remember it where the disk allows it."""
        self.losses[what] = self.losses.get(what, 0) + count
        with contextlib.suppress(OSError):
            self.place.write("losses.json", dict(self.losses))

    @property
    def gone(self) -> int:
        """What neither the server nor the disk will ever have."""
        of_spools = self.rows.lost + self.files.lost + self.logs.lost
        return of_spools + self.losses.get("log_bytes", 0)

    def tally(self) -> Receipt:
        """How things are now; what is in the spool waits."""
        return self.receipt or Receipt(
            self.place.owner.run_id,
            Tally(self.rows.appended + self.rows.lost, self.rows.done),
            Tally(self.files.appended + self.files.lost, self.files.done),
            Tally(self.log_bytes, self.log_bytes),
            waiting=self.waiting,
            gone=self.gone,
        )


def _bytes_up_to(last: bytes) -> int:
    """How many bytes had been logged when the last piece was."""
    if not last:
        return 0
    piece = unpack_log(last)
    return piece.total + len(piece.data)
