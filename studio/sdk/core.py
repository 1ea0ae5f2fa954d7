"""What all parts of a run share: its identity, its way to the server, its writer."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.core.statuses import FINAL, RunStatus
from studio.sdk.link import AWAY, Link, writers

if TYPE_CHECKING:
    from studio.sdk.delivery import Receipt, Writer
    from studio.sdk.experiment import Experiment

_FINAL = frozenset(status.value for status in FINAL)


class RunCore:
    """A run of an experiment. `_info` is what the server last said of it."""

    #: Whether something else (a runner) ends the run, and the script does not.
    _is_launched = False

    def __init__(
        self,
        experiment: Experiment,
        run_id: str,
        *,
        info: Mapping[str, Any] | None = None,
        tags: Mapping[str, str | None] | None = None,
    ) -> None:
        self._experiment = experiment
        self._link: Link = experiment._link
        self._id = run_id
        self._info: dict[str, Any] = dict(info or {})
        self._tags: dict[str, str | None] | None = None if tags is None else dict(tags)
        self._properties: dict[str, str] | None = None
        self._status: str | None = None
        # Whether this process began the run, and so says that it is alive.
        self._is_own = False
        self._outputs: str | None = None
        # What is kept of the outputs folder already.
        self._kept: set[str] = set()
        self._names: dict[str, str] = {}
        self._paths: set[str] = set()
        self._writer: Writer | None = None
        # What is being ended; it is not logged to any more.
        self._ending: Writer | None = None
        self._writer_lock = threading.RLock()
        #: What became of all that was logged; None before the end.
        self.receipt: Receipt | None = None

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which logs by a writer of its own and ends nothing."""
        stays = ("_writer", "_ending", "_outputs", "_streams", "_snapshot_thread")
        state = {**vars(self), **dict.fromkeys(stays), "_is_own": False}
        del state["_writer_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._writer_lock = threading.RLock()

    @property
    def id(self) -> str:
        return self._id

    @property
    def experiment(self) -> Experiment:
        return self._experiment

    def _place(self, path: str = "") -> str:
        return f"runs/{self._id}/{path}" if path else f"runs/{self._id}"

    def _read(self, path: str = "") -> Any:
        """What the server says now.

        None where the run has not arrived there yet, or where this process logs it and
        the server is away: then what was last known is what there is.
        """
        if self._writer is None:
            return self._link.get(self._place(path))
        if not self._link.deferred:
            try:
                return self._link.try_now("GET", self._place(path))
            except AWAY as error:
                self._link.defer(error)
        return None

    def _write(self, method: str, path: str, body: Any) -> Any:
        """A change, made at once; None where it waits in the spool."""
        if not self._link.deferred:
            try:
                return self._changed_now(method, self._place(path), body)
            except AWAY as error:
                if self._writer is None:
                    raise
                self._link.defer(error)
        self._out().record_request(method, self._place(path), body)
        return None

    def _changed_now(self, method: str, place: str, body: Any) -> Any:
        if self._writer is None:
            return self._link.change(method, place, body)
        return self._link.try_now(method, place, body)

    def _out(self) -> Writer:
        """The writer of this process, opened when first needed."""
        if self._writer is None:
            with self._writer_lock:
                if self._writer is None:
                    self._writer = self._open_writer()
        return self._writer

    def _open_writer(self) -> Writer:
        from studio.sdk.delivery import Writer

        writer = Writer.open(
            self._link.client,
            self._id,
            heartbeats=self._is_own and not self._is_final(),
            offline=self._link.offline,
        )
        writers.add(writer)
        return writer

    def _deliver(self, *, all_runs: bool = False) -> None:
        """Before something is read: have the server know what this process logged.

        Another object of this run may have logged it too, and objects of other runs
        what is read with `all_runs`.
        """
        if self._link.deferred:
            return
        for writer in list(writers):
            if all_runs or writer.run_id == self._id:
                writer.flush()

    def _refresh(self) -> None:
        told = self._read()
        if told:
            self._info = told
            self._status = None

    def _is_final(self) -> bool:
        return (self._status or self._info.get("status", "")) in _FINAL

    def _end(self, status: RunStatus | None, message: str = "") -> None:
        """Deliver everything and then the status, if this process has a writer.

        Where it was interrupted before it goes on.
        """
        word = None if status is None else status.value
        begins = self.receipt is None and self._ending is None
        if word is not None and begins and self._link.offline:
            self._out()
        while (writer := self._to_end()) is not None:
            self.receipt = writer.close(word, message=message)
            writers.discard(writer)
            if word is not None and not self._is_final():
                self._status = word
            self._ending = None
        if word is not None and not (self.receipt is not None and self._is_final()):
            body = {"status": word, "message": message}
            self._info = self._link.change("POST", self._place("status"), body)
            self._status = None

    def _to_end(self) -> Writer | None:
        """The writer whose end was interrupted, else the one in use."""
        if self._ending is None:
            self._ending = self._writer
        if self._ending is self._writer:
            self._writer = None
        return self._ending

    def _stream(self, path: str) -> str:
        """The path of one of the run's files, as its page shows it."""
        from urllib.parse import quote

        home, workspace = self._link.client.url, self._link.client.workspace
        place = quote(path)
        return f"{home}/w/{quote(workspace)}/runs/{self._id}/files/raw/{place}"


def seconds(name: str, default: float) -> float:
    """A number of seconds from the environment; the default where it is none."""
    try:
        return max(0.0, float(os.environ[name]))
    except (KeyError, ValueError):
        return default
