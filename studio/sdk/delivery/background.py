"""The background threads of a process: one sends rows and logs, one uploads files.

They serve all writers of the process in turns, and what earlier processes left. While
a server cannot be reached its writers wait, longer each time; nobody waits for them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.retry_policy import ODD, TIMEOUT, as_trouble
from studio.sdk.delivery.sender import Courier
from studio.sdk.delivery.spool_folder import Place, abandoned

#: How often to look whether something was logged: a log call wakes nobody.
POLL_SECONDS = 0.2
#: The server takes a run for silent after 120 seconds.
BEAT_SECONDS = 15.0
SYNC_SECONDS = 5.0
#: How soon to ask again whose token it is, where the server did not say.
LOOK_SECONDS = 5.0


class Sender:
    """The couriers of this process, and the threads that move them."""

    def __init__(self) -> None:
        self._couriers: list[Courier] = []
        self._beats: dict[int, float] = {}
        self._lock = threading.RLock()
        self._wake = Bell()
        self._threads = (
            threading.Thread(target=self._send, name="run-studio-sender", daemon=True),
            threading.Thread(target=self._upload, name="run-studio-files", daemon=True),
        )
        self._synced = 0.0
        self._looked: set[tuple[str, str]] = set()
        self._to_look: list[Client] = []
        self._look_at = 0.0
        self._moved = Bells()

    def add(self, courier: Courier, *, heartbeats: bool) -> None:
        """Deliver what it has. May be repeated."""
        with self._lock:
            if courier not in self._couriers:
                self._couriers.append(courier)
            if heartbeats:
                self._beats.setdefault(id(courier), 0.0)
            for thread in self._threads:
                if thread.ident is None:
                    thread.start()
        self.hurry()

    def look_for_leftovers(self, client: Client) -> None:
        """Once for each server and workspace, deliver what earlier processes left."""
        key = (client.url, client.workspace)
        with self._lock:
            if key not in self._looked:
                self._looked.add(key)
                self._to_look.append(client)

    def remove(self, courier: Courier) -> None:
        with self._lock:
            if courier in self._couriers:
                self._couriers.remove(courier)
            self._beats.pop(id(courier), None)

    def has(self, courier: Courier) -> bool:
        return courier in self._couriers

    @property
    def has_looked(self) -> bool:
        """Whether all leftovers are known, or nobody says who may deliver them."""
        return not self._to_look or self._look_at > 0

    def leftovers(self) -> list[Courier]:
        """What earlier processes left and this one delivers."""
        return [courier for courier in list(self._couriers) if not courier.living]

    def hurry(self) -> None:
        """Look now, without waiting for the next poll."""
        self._wake.ring()

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until `done`, at most so long; whether it is."""
        end, bell = time.monotonic() + seconds, self._moved.mine()
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            bell.wait(min(left, 0.5))
        return True

    def _send(self) -> None:
        while True:
            self._beat()
            did = self._each(Courier.step)
            self._part_with_leftovers()
            if not did:
                self._look()
                self._sync()
                self._wake.wait(POLL_SECONDS)

    def _upload(self) -> None:
        while True:
            if not self._each(Courier.upload):
                time.sleep(POLL_SECONDS)

    def _each(self, move: Callable[[Courier], bool]) -> bool:
        did = False
        for courier in list(self._couriers):
            if move(courier):
                did = True
        if did:
            self._moved.ring()
        return did

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        for client in list(self._to_look):
            found = find_leftovers(client)
            if found is None:
                self._look_at = now + LOOK_SECONDS
                continue
            for courier in found:
                self.add(courier, heartbeats=False)
            self._to_look.remove(client)
            self._moved.ring()

    def _part_with_leftovers(self) -> None:
        """Those that are delivered, and those that cannot be: they stay on the disk."""
        for courier in list(self._couriers):
            if courier.living:
                continue
            if courier.receipt is not None:
                self.remove(courier)
            elif courier.is_blocked:
                self.remove(courier)
                courier.release()

    def _beat(self) -> None:
        now = time.monotonic()
        for courier in list(self._couriers):
            due = self._beats.get(id(courier))
            if due is None or now < due or courier.waits_for_its_run:
                continue
            self._beats[id(courier)] = now + BEAT_SECONDS
            try:
                told = courier.client.json(
                    "POST", f"{courier.base}/heartbeat", timeout=TIMEOUT, attempts=1
                )
                courier.cancel = courier.cancel or bool(told["cancel"])
            except ODD:
                # The next one may arrive; what is wrong, deliveries tell.
                continue

    def _sync(self) -> None:
        """A backlog that grows while the server is away is put on the disk itself."""
        now = time.monotonic()
        if now - self._synced < SYNC_SECONDS:
            return
        self._synced = now
        for courier in list(self._couriers):
            if courier.trouble is not None:
                courier.rows.sync()
                courier.logs.sync()


class Bell:
    """Wakes one thread that waits for it. A ring that nobody hears yet is kept."""

    def __init__(self) -> None:
        # Taken while nobody has rung since the last waiting.
        self._silence = threading.Lock()

    def ring(self) -> None:
        try:
            self._silence.release()
        except RuntimeError:
            # It has been rung already.
            return

    def wait(self, seconds: float) -> None:
        """Until it rings, at most so long."""
        self._silence.acquire(timeout=max(0.0, seconds))


class Bells:
    """Wakes all threads that wait."""

    def __init__(self) -> None:
        self._bells: dict[int, Bell] = {}

    def ring(self) -> None:
        for bell in list(self._bells.values()):
            bell.ring()

    def mine(self) -> Bell:
        """The bell of this thread, which is rung with all others from now on."""
        return self._bells.setdefault(threading.get_ident(), Bell())


_users: dict[tuple[str, str], str] = {}


def ask_user(client: Client, **how: Any) -> str:
    """The name of the token's user. Raises StudioError."""
    key = (client.url, client.token)
    if key not in _users:
        try:
            told = client.json("GET", "/api/v1/workspaces", **how)
            _users[key] = str(told["user"])
        except (KeyError, TypeError) as error:
            raise as_trouble(error) from error
    return _users[key]


def user_of(client: Client) -> str:
    """The same, at once; empty while the server cannot be asked."""
    try:
        return ask_user(client, timeout=3, attempts=1)
    except StudioError:
        return ""


def find_leftovers(client: Client) -> list[Courier] | None:
    """Couriers for all that this client may deliver; other spools stay untouched.

    None while it is not known whose token it has.
    """
    user = user_of(client)
    if not user:
        return None
    found = []
    for place in abandoned():
        mine = place.owner.is_for(client.url, client.workspace, user)
        courier = take_up(place, client) if mine else None
        if courier is None:
            place.leave()
        else:
            found.append(courier)
    return found


def take_up(place: Place, client: Client) -> Courier | None:
    """A courier for what is there; None, with a sentence, where it cannot be read."""
    try:
        return Courier(place, client, living=False)
    except ODD as error:
        tell(f"{place.folder} cannot be read ({error}): it stays as it is.", once=True)
        return None


def adopt(sender: Sender, parent: Courier) -> None:
    """Have the sender deliver what children of this run's process left."""
    for place in abandoned():
        same = place.owner.is_of_run(parent.place.owner)
        courier = take_up(place, parent.client) if same else None
        if courier is None:
            place.leave()
        else:
            sender.add(courier, heartbeats=False)
