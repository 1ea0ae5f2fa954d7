"""Where spools are stored, whose they are, and which ones no process owns any more.

Each writer has a folder below the spool's root. `owner.json` names the server, the
workspace, the user and the run; `lock` is held while the writer's process lives;
`end.json` records how the run ended, and `begun` tells that the run ends with its
process; `held/` keeps files until they are delivered;
`*.seg` are the records.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.connection import is_same_address
from studio.sdk.delivery.notices import print_notice

if TYPE_CHECKING:
    from studio.sdk.client import Client
    from studio.sdk.delivery.account import Account

FORMAT = 1
#: A file of this size is deleted to make room when the disk is full.
RESERVE_NAME, RESERVE_BYTES = "reserve", 16 * 1024
#: Its time is that of the last heartbeat.
BEGUN_NAME = "begun"
#: Its content, if the process had started the run's script.
LAUNCHER = "launcher"


@dataclass(frozen=True)
class SpoolOwner:
    """What a spool is for. The `identity` of a server stays if its address changes.

    `user` and `identity` are empty if no server had responded yet. Clients before 0.3
    wrote no identity.
    """

    server: str
    workspace: str
    user: str
    run_id: str
    writer: str
    created: int
    format: int = FORMAT
    identity: str = ""

    def is_for(self, client: Client, account: Account) -> bool:
        """Whether it is for the server, workspace and user of the client."""
        return self.workspace == client.workspace and self.is_of(client, account)

    def is_of(self, client: Client, account: Account) -> bool:
        """Whether it is for the server and user of the client, in any workspace."""
        is_same_server = self._is_for_server(client.url, account.server)
        return is_same_server and (not self.user or self.user == account.user)

    def is_same_run(self, other: SpoolOwner) -> bool:
        """Whether both log to the same run."""
        is_same = (self.workspace, self.run_id) == (other.workspace, other.run_id)
        return is_same and self._is_for_server(other.server, other.identity)

    def _is_for_server(self, url: str, identity: str) -> bool:
        """The identities decide, or the addresses while one of them is not known."""
        if self.identity and identity:
            return self.identity == identity
        return is_same_address(self.server, url)


def spool_root() -> Path:
    """`STUDIO_SPOOL`, or the user's folder for the state of programs."""
    configured = os.environ.get("STUDIO_SPOOL", "").strip()
    if configured:
        return Path(configured).expanduser().absolute()
    state = os.environ.get("XDG_STATE_HOME", "").strip() or "~/.local/state"
    return Path(state).expanduser().absolute() / "run-studio" / "spool"


def possible_roots() -> list[Path]:
    """The root, then its replacements if it cannot be written: disk, then memory."""
    name = f"run-studio-{os.getuid()}"
    others = (Path(tempfile.gettempdir()), Path("/dev/shm"))  # noqa: S108
    return [spool_root(), *(other / name / "spool" for other in others)]


def existing_roots() -> list[Path]:
    """The roots that exist and belong to this user.

    Another user can create a folder of that name below the temporary folder. Its
    content must not be sent with this user's token.
    """
    return [
        root for root in possible_roots() if root.is_dir() and _is_owned_by_user(root)
    ]


def create_spool_folder(
    server: str, workspace: str, user: str, run_id: str, *, identity: str = ""
) -> SpoolFolder:
    """A new folder in the first writable root. Raises the first root's OSError."""
    owner = (server, workspace, user, run_id)
    first_error: OSError | None = None
    for root in possible_roots():
        try:
            _create_private(root)
            folder = SpoolFolder.create(*owner, root, identity=identity)
        except OSError as error:
            first_error = first_error or error
            continue
        if first_error is not None:
            print_notice(
                f"{spool_root()} cannot be written ({first_error.strerror}): what is "
                f"logged waits in {root}. STUDIO_SPOOL names another folder.",
                once=True,
            )
        return folder
    assert first_error is not None
    raise first_error


def _is_owned_by_user(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid()
    except OSError:
        return False


def _create_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_owned_by_user(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "not writable", str(folder))


class SpoolFolder:
    """One writer's folder, locked by this process."""

    def __init__(self, path: Path, owner: SpoolOwner, lock: int) -> None:
        self.path, self.owner, self._lock = path, owner, lock
        #: If set, only files below it are read: what is here was not written by a
        #: process that can read the others.
        self.confined_to: Path | None = None

    @classmethod
    def create(
        cls,
        server: str,
        workspace: str,
        user: str,
        run_id: str,
        root: Path,
        *,
        identity: str = "",
    ) -> SpoolFolder:
        """A new folder; others see it only once it is locked. Raises OSError."""
        writer = uuid.uuid4().hex
        now_ms = int(time.time() * 1000)
        owner = SpoolOwner(
            server, workspace, user, run_id, writer, now_ms, identity=identity
        )
        hidden, path = root / f".{writer}", root / writer
        lock = None
        try:
            (hidden / "held").mkdir(mode=0o700, parents=True)
            lock = _lock(hidden, os.O_CREAT)
            text = json.dumps(asdict(owner))
            (hidden / "owner.json").write_text(text, encoding="utf-8")
            (hidden / RESERVE_NAME).write_bytes(bytes(RESERVE_BYTES))
            hidden.rename(path)
        except OSError:
            if lock is not None:
                os.close(lock)
            shutil.rmtree(hidden, ignore_errors=True)
            raise
        assert lock is not None
        return cls(path, owner, lock)

    @classmethod
    def claim(cls, path: Path) -> SpoolFolder | None:
        """Lock a folder that another process left; None while that process lives."""
        try:
            content = json.loads((path / "owner.json").read_text(encoding="utf-8"))
            owner = SpoolOwner(**content)
            lock = _lock(path) if owner.format == FORMAT else None
        except (OSError, ValueError, TypeError):
            return None
        if lock is None:
            return None
        if not (path / "owner.json").exists():
            # Another process has just delivered it.
            os.close(lock)
            return None
        return cls(path, owner, lock)

    def read(self, name: str) -> dict[str, Any]:
        """The content of a JSON file; empty if it is missing or damaged."""
        try:
            content = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replace a JSON file in one step. Raises OSError."""
        try:
            self._write(name, content)
        except OSError:
            # A full disk must not hide how the run ended and what was lost.
            (self.path / RESERVE_NAME).unlink()
            self._write(name, content)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        hidden = self.path / f".{name}"
        hidden.write_text(json.dumps(content), encoding="utf-8")
        hidden.rename(self.path / name)

    def mark_as_beginner(self, *, is_launcher: bool) -> None:
        """Record that the run was begun by this process, and ends with it."""
        with contextlib.suppress(OSError):
            (self.path / BEGUN_NAME).write_text(LAUNCHER if is_launcher else "")

    def was_launcher(self) -> bool:
        """Whether the process had started the run's script."""
        try:
            return (self.path / BEGUN_NAME).read_text() == LAUNCHER
        except OSError:
            return False

    def forget_beginner(self) -> None:
        """Do not report that the process was killed: its run goes on elsewhere."""
        with contextlib.suppress(FileNotFoundError):
            (self.path / BEGUN_NAME).unlink()

    def note_heartbeat(self) -> None:
        """Record that the process lives; nothing for a run that others began."""
        with contextlib.suppress(OSError):
            os.utime(self.path / BEGUN_NAME)

    def was_killed_at(self) -> int | None:
        """When the process that began the run was killed, in milliseconds.

        None if it reported how the run ended, or others began the run.
        """
        if not (self.path / BEGUN_NAME).exists() or self.read("end.json"):
            return None
        try:
            times = [path.stat().st_mtime for path in self.path.iterdir()]
        except OSError:
            times = []
        return int(max(times, default=time.time()) * 1000)

    def unlock(self) -> None:
        """Let another process deliver what is here."""
        handle, self._lock = self._lock, -1
        if handle != -1:
            os.close(handle)

    def remove(self) -> None:
        """Delete the folder after everything was delivered."""
        with contextlib.suppress(OSError):
            # Without this file no process claims a folder that is half deleted.
            (self.path / "owner.json").unlink()
        shutil.rmtree(self.path, ignore_errors=True)
        self.unlock()


def list_abandoned_folders() -> Iterator[SpoolFolder]:
    """The folders of ended processes, the oldest first; each is locked."""
    # Folders whose names begin with a dot are still being created.
    paths = [
        path
        for root in existing_roots()
        for path in root.glob("[0-9a-f]*")
        if (path / "owner.json").exists()
    ]
    for path in sorted(paths, key=_modified_at):
        folder = SpoolFolder.claim(path)
        if folder is not None:
            yield folder


def _modified_at(path: Path) -> float:
    try:
        return (path / "owner.json").stat().st_mtime
    except OSError:
        return 0.0


def _lock(path: Path, extra_flags: int = 0) -> int | None:
    """The lock's handle, or None while another process holds it. Raises OSError.

    The lock file is created only with the folder: otherwise it would stay behind in a
    folder that another process is just deleting.
    """
    handle = os.open(path / "lock", os.O_RDWR | extra_flags, 0o600)
    try:
        # The kernel releases the lock when the process ends, even after `kill -9`.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
