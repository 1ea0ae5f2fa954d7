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


def spool_root() -> Path:
    """`STUDIO_SPOOL`, or the user's folder for the state of programs."""
    given = os.environ.get("STUDIO_SPOOL", "").strip()
    if given:
        return Path(given).expanduser().absolute()
    state = os.environ.get("XDG_STATE_HOME", "").strip() or "~/.local/state"
    return Path(state).expanduser().absolute() / "run-studio" / "spool"


def usable_root() -> Path:
    """The root, made if need be; another one below the temporary folder if it cannot.

    Raises OSError where that is impossible too.
    """
    root = spool_root()
    try:
        _make_private(root)
        return root
    except OSError:
        other = fallback_root()
        _make_private(other)
        return other


def fallback_root() -> Path:
    return Path(tempfile.gettempdir()) / f"run-studio-{os.getuid()}" / "spool"


def roots() -> list[Path]:
    return [root for root in (spool_root(), fallback_root()) if root.is_dir()]


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "not writable", str(folder))


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
        hidden = root / f".{writer}"
        (hidden / "held").mkdir(mode=0o700, parents=True)
        lock = _lock(hidden)
        assert lock is not None
        text = json.dumps(asdict(owner))
        (hidden / "owner.json").write_text(text, encoding="utf-8")
        folder = root / writer
        hidden.rename(folder)
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
        hidden = self.folder / f".{name}"
        hidden.write_text(json.dumps(content), encoding="utf-8")
        hidden.rename(self.folder / name)

    def leave(self) -> None:
        """Let another process deliver what is here."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

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


def _lock(folder: Path) -> int | None:
    """The lock's handle, or None while another process holds it. Raises OSError."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
