"""What a script logs with: each call writes to the spool and returns.

writer = Writer.open(client, run_id)
writer.point("loss", 0.5)
writer.close("Completed")
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.core import names
from studio.core.errors import InvalidState
from studio.sdk.client import Client
from studio.sdk.delivery import shutdown
from studio.sdk.delivery.background import user_of
from studio.sdk.delivery.log_delivery import LogPlace, Outlet
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.receipts import Receipt
from studio.sdk.delivery.records import (
    Request,
    pack_file,
    pack_request,
    spelled,
    spelled_item,
    whole_step,
)
from studio.sdk.delivery.sender import Courier
from studio.sdk.delivery.spool_folder import Place, make_place
from studio.sdk.delivery.staged_files import drop_held, hold

#: Names whose spelling in JSON is kept ready; with more of them it is made anew.
MOST_NAMES = 10_000

_now = time.time


class Writer:
    """All that one process logs to one run. Safe to use from threads and after fork.

    In a forked child it is a writer of its own, which neither sends heart-beats nor
    says how the run ends.
    """

    def __init__(
        self,
        client: Client,
        run_id: str,
        *,
        folder: Path | None,
        user: str,
        heartbeats: bool,
        offline: bool,
    ) -> None:
        self.client, self.run_id = client, run_id
        self.heartbeats, self.offline = heartbeats, offline
        self._user, self._root = user, folder
        self._lock = threading.RLock()
        self._prefixes: dict[str, str] = {}
        self._log_place = LogPlace()
        self._courier: Courier | None = None
        self._append: Callable[[bytes], bool] = self._append_first
        self._closed = False
        self._receipt: Receipt | None = None
        self.is_child = False
        self._full = FullDisk()

    @classmethod
    def open(
        cls,
        client: Client,
        run_id: str,
        *,
        folder: Path | None = None,
        user: str = "",
        heartbeats: bool = True,
        offline: bool = False,
    ) -> Writer:
        """A writer for a run that exists, or that `record`ed requests will make.

        `folder` is the spool's root instead of `STUDIO_SPOOL`. Raises OSError if no
        folder at all can be written to.
        """
        more: Any = {"folder": folder, "user": user, "offline": offline}
        writer = cls(client, run_id, heartbeats=heartbeats, **more)
        writer._begin()
        shutdown.register(writer)
        return writer

    @property
    def courier(self) -> Courier:
        return self._courier or self._begin()

    @property
    def cancel_requested(self) -> bool:
        """Whether somebody asked the run to end, as of the last heart-beat."""
        return self._courier is not None and self._courier.cancel

    @property
    def waiting(self) -> int:
        """How many records have not been delivered."""
        return 0 if self._courier is None else self._courier.waiting

    def point(
        self,
        name: str,
        value: float | int | str | bool | None,
        step: int | None = None,
        time_ms: int | None = None,
    ) -> None:
        """Append a value to the series `name`. Raises InvalidValue, InvalidState.

        Without a step the server counts 0, 1, 2 … per name; without a time it is now.
        """
        prefix = self._prefixes.get(name) or self._prefix(name)
        kind = type(value)
        # A difference of 0 tells finite numbers; longer integers are looked at first.
        if (kind is float and value - value == 0.0) or (  # type: ignore[operator]
            kind is int and -(2**63) <= value < 2**63  # type: ignore[operator]
        ):
            text = repr(value)
        else:
            text = spelled(value)
        if step is None:
            at = "null"
        else:
            is_plain = type(step) is int and -(2**63) <= step < 2**63
            at = repr(step) if is_plain else str(whole_step(step, name))
        when = int(_now() * 1000) if time_ms is None else time_ms
        if not 0 <= when <= names.MAX_TIME:
            when = min(max(0, when), names.MAX_TIME)
        if not self._append(f"{prefix}{text},{at},{when}]".encode()):
            self._full.warn(self.courier)

    def item(
        self, name: str, kind: str, value: object, step: int | None = None
    ) -> None:
        """Append what is no scalar: the kinds of `runs.models.MetricKind`.

        A list's elements, and a table's rows, become points of their own, so `value`
        of kind list is a sequence of scalars and of kind table one row (an object) or a
        sequence of rows. Raises InvalidValue.
        """
        prefix = self._prefixes.get(name) or self._prefix(name)
        is_many = kind == "list" or (
            kind == "table" and isinstance(value, (list, tuple))
        )
        values = value if is_many else (value,)
        at = "null" if step is None else str(whole_step(step, name))
        when = min(max(0, int(_now() * 1000)), names.MAX_TIME)
        tail = f',{at},{when},"{kind}"]'
        for one in values:  # type: ignore[attr-defined]
            text = spelled_item(one)
            if not self._append(f"{prefix}{text}{tail}".encode()):
                self._full.warn(self.courier)

    def log(self, path: str, data: bytes | Outlet) -> None:
        """Append bytes to a run's log file. Raises InvalidName for a bad path."""
        if not self._log_place.knows(path):
            names.check_path(path)
        outlet = data if isinstance(data, Outlet) else Outlet(data)
        with self._lock:
            courier = self.courier
            if not self._log_place.append(courier, self._spool, path, outlet):
                self._full.warn(courier)

    def file(self, local: str | Path, path: str) -> None:
        """Upload a local file as `path`, in the background.

        Raises InvalidName, and OSError if the file cannot be read.
        """
        names.check_path(path)
        with self._lock:
            courier = self.courier
            held = hold(courier.place.folder, Path(local), path)
            if not self._spool(courier.files.append, pack_file(held)):
                drop_held(courier.place.folder, held.held)
                self._full.warn(courier)

    def record(
        self, method: str, path: str, body: object, *, essential: bool = False
    ) -> None:
        """Keep a request for later (offline). It is sent before all points."""
        self._keep(Request(method, path, body, essential))

    def snapshot(self, folder: Path) -> None:
        """Keep the sources below `folder` for later (offline), as they are now.

        Raises TooLarge, and OSError where there is no room for the archive.
        """
        from studio.sdk.delivery.snapshot_archive import hold_snapshot

        # Packing takes long: it must not hold up what the script prints.
        name = hold_snapshot(self.courier.place.folder, folder)
        self._keep(Request("PUT", f"runs/{self.run_id}/snapshot", None, held=name))

    def _keep(self, request: Request) -> None:
        with self._lock:
            if not self._spool(self.courier.requests.append, pack_request(request)):
                self._full.warn(self.courier)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was logged so far is delivered; whether it is.

        Gives up after `timeout` seconds, or when for `STUDIO_DRAIN_SECONDS` (30) the
        server took nothing.
        """
        courier = self._courier
        if courier is None or self.offline or self._closed:
            return not self.waiting
        goals = [
            (spool, spool.appended)
            for spool in (courier.requests, courier.rows, courier.logs, courier.files)
        ]
        return shutdown.drain(
            courier, lambda: all(s.done >= goal for s, goal in goals), timeout
        )

    def close(
        self,
        status: str | None = None,
        timeout: float | None = None,
        *,
        message: str = "",
    ) -> Receipt:
        """Deliver the rest, then the status; returns what became of all of it.

        What cannot be delivered now stays in the spool, the status with it. Calling it
        again returns the same, or goes on with what was interrupted.
        """
        if self._receipt is None:
            courier = self._courier
            if courier is not None:
                shutdown.note(self, courier, status, message)
            with self._lock:
                if courier is not None and not self._closed:
                    # What an interrupt or a signal left behind.
                    self._log_place.append(courier, self._spool, "", Outlet())
                self._closed, self._append = True, self._append_closed
                if courier is not None:
                    self._log_place.settle(courier)
            self._receipt = (
                Receipt(self.run_id)
                if courier is None
                else shutdown.close(self, courier, timeout)
            )
        shutdown.unregister(self)
        return self._receipt

    def _begin(self) -> Courier:
        with self._lock:
            if self._courier is None:
                user = self._user or ("" if self.offline else user_of(self.client))
                owner = (self.client.url, self.client.workspace, user, self.run_id)
                root = self._root
                place = Place.make(*owner, root) if root else make_place(*owner)
                courier = Courier(place, self.client, living=True)
                if not self.offline:
                    shutdown.sender().add(courier, heartbeats=self.heartbeats)
                # Last, so that an interrupt leaves none that nobody sends.
                self._courier, self._append = courier, courier.rows.append
            return self._courier

    def become_child(self) -> None:
        """Forget what belongs to the parent process; called after a fork."""
        self._lock = threading.RLock()
        if self._courier is not None:
            self._courier.forget()
        self._courier, self._log_place = None, LogPlace()
        self.is_child, self.heartbeats = True, False
        if not self._closed:
            self._append = self._append_first

    def _append_first(self, payload: bytes) -> bool:
        courier = self._begin()
        shutdown.drain_child(self)
        return courier.rows.append(payload)

    def _append_closed(self, _payload: bytes) -> bool:
        raise InvalidState(f"Run {self.run_id} was closed: it takes no more.")

    def _spool(self, append: Callable[[bytes], bool], payload: bytes) -> bool:
        if self._closed:
            return self._append_closed(payload)
        return append(payload)

    def _prefix(self, name: str) -> str:
        names.check_key(name, "name")
        prefix = f"[{json.dumps(name)},"
        if len(self._prefixes) >= MOST_NAMES:
            self._prefixes.clear()
        self._prefixes[name] = prefix
        return prefix

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


EACH_SECONDS = 60.0


class FullDisk:
    """Says it once, and again when a minute later it is still so."""

    def __init__(self) -> None:
        self._next = 0.0

    def warn(self, courier: Courier) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EACH_SECONDS
        spools = (courier.rows, courier.logs, courier.files, courier.requests)
        why = next((str(s.failure.strerror) for s in spools if s.failure), "no room")
        tell(
            f"{courier.place.folder} takes no more ({why}): what is logged now is lost "
            "until there is room. The script goes on."
        )
