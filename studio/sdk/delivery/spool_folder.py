"""Where spools lie, whose they are, and which of them no process owns any more.

Below the spool's root each writer has a folder: `owner.json` names the server, the
workspace, the user and the run that it is for, `lock` is held while its process lives,
`end.json` tells how the run ended, `held/` keeps files until they are delivered, and
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
from typing import Any

from studio.sdk.delivery.notices import tell

FORMAT = 1


@dataclass(frozen=True)
class Owner:
    """What a spool is for. `user` is empty where it was not known yet (offline)."""

    server: str
    workspace: str
    user: str
    run_id: str
    writer: str
    created: int
    format: int = FORMAT

    def is_for(self, server: str, workspace: str, user: str) -> bool:
        same = (self.server, self.workspace) == (server, workspace)
        return same and (not self.user or not user or self.user == user)

    def is_of_run(self, other: Owner) -> bool:
        """Whether both log to one run."""
        same = (self.server, self.workspace) == (other.server, other.workspace)
        return same and self.run_id == other.run_id


def spool_root() -> Path:
    """`STUDIO_SPOOL`, or the user's folder for the state of programs."""
    given = os.environ.get("STUDIO_SPOOL", "").strip()
    if given:
        return Path(given).expanduser().absolute()
    state = os.environ.get("XDG_STATE_HOME", "").strip() or "~/.local/state"
    return Path(state).expanduser().absolute() / "run-studio" / "spool"


def possible_roots() -> list[Path]:
    """The root, and where spools go when it cannot be written: disk, then memory."""
    name = f"run-studio-{os.getuid()}"
    others = (Path(tempfile.gettempdir()), Path("/dev/shm"))  # noqa: S108
    return [spool_root(), *(other / name / "spool" for other in others)]


def make_place(server: str, workspace: str, user: str, run_id: str) -> Place:
    """A new folder in the first root that takes it. Raises the first one's OSError."""
    trouble: OSError | None = None
    for root in possible_roots():
        try:
            _make_private(root)
            place = Place.make(server, workspace, user, run_id, root)
        except OSError as error:
            trouble = trouble or error
            continue
        if trouble is not None:
            tell(
                f"{spool_root()} cannot be written ({trouble.strerror}): what is "
                f"logged waits in {root}. STUDIO_SPOOL names another folder.",
                once=True,
            )
        return place
    assert trouble is not None
    raise trouble


def roots() -> list[Path]:
    """Those that are there and are this user's.

    Whoever else may have made a folder of that name below the temporary one: what lies
    in it must not be sent with this user's token.
    """
    return [root for root in possible_roots() if root.is_dir() and _is_own(root)]


def _is_own(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid()
    except OSError:
        return False


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_own(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "not writable", str(folder))


#: Given up for the small files of a folder whose disk is full.
RESERVE, RESERVE_BYTES = "reserve", 16 * 1024


class Place:
    """One writer's folder, locked by this process."""

    def __init__(self, folder: Path, owner: Owner, lock: int) -> None:
        self.folder, self.owner, self._lock = folder, owner, lock

    @classmethod
    def make(
        cls, server: str, workspace: str, user: str, run_id: str, root: Path
    ) -> Place:
        """A new folder; nobody sees it before it is locked. Raises OSError."""
        writer = uuid.uuid4().hex
        now = int(time.time() * 1000)
        owner = Owner(server, workspace, user, run_id, writer, now)
        hidden, folder = root / f".{writer}", root / writer
        lock = None
        try:
            (hidden / "held").mkdir(mode=0o700, parents=True)
            lock = _lock(hidden, os.O_CREAT)
            text = json.dumps(asdict(owner))
            (hidden / "owner.json").write_text(text, encoding="utf-8")
            (hidden / RESERVE).write_bytes(bytes(RESERVE_BYTES))
            hidden.rename(folder)
        except OSError:
            if lock is not None:
                os.close(lock)
            shutil.rmtree(hidden, ignore_errors=True)
            raise
        assert lock is not None
        return cls(folder, owner, lock)

    @classmethod
    def take(cls, folder: Path) -> Place | None:
        """One that another process left; None while its owner lives."""
        try:
            content = json.loads((folder / "owner.json").read_text(encoding="utf-8"))
            owner = Owner(**content)
            lock = _lock(folder) if owner.format == FORMAT else None
        except (OSError, ValueError, TypeError):
            return None
        if lock is None:
            return None
        if not (folder / "owner.json").exists():
            # Another process delivered it just before.
            os.close(lock)
            return None
        return cls(folder, owner, lock)

    def read(self, name: str) -> dict[str, Any]:
        """What a file of this folder says; nothing where it is missing or damaged."""
        try:
            content = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replace a file of this folder in one step. Raises OSError."""
        try:
            self._write(name, content)
        except OSError:
            # What the run's end and its losses were is told on a full disk, too.
            (self.folder / RESERVE).unlink()
            self._write(name, content)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        hidden = self.folder / f".{name}"
        hidden.write_text(json.dumps(content), encoding="utf-8")
        hidden.rename(self.folder / name)

    def leave(self) -> None:
        """Let another process deliver what is here."""
        handle, self._lock = self._lock, -1
        if handle >= 0:
            os.close(handle)

    def remove(self) -> None:
        """All of it was delivered."""
        with contextlib.suppress(OSError):
            (self.folder / "owner.json").unlink()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.leave()


def abandoned() -> Iterator[Place]:
    """The folders whose processes have ended, the oldest first; each is locked."""
    folders = [
        folder
        for root in roots()
        for folder in root.glob("[0-9a-f]*")
        if (folder / "owner.json").exists()
    ]
    for folder in sorted(folders, key=_age):
        place = Place.take(folder)
        if place is not None:
            yield place


def _age(folder: Path) -> float:
    try:
        return (folder / "owner.json").stat().st_mtime
    except OSError:
        return 0.0


def _lock(folder: Path, more: int = 0) -> int | None:
    """The lock's handle, or None while another process holds it. Raises OSError.

    It is made with the folder only: in one that is just being removed it would stay.
    """
    handle = os.open(folder / "lock", os.O_RDWR | more, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
