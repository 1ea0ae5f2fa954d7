"""What a snapshot of source files may hold: the one rule of client and server.

Secrets and what can be made again never go in: `.git`, `.env` and its kin, private
keys, virtual environments, caches. The limits are the v1 service's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from studio.core.names import check_path

MAX_BYTES = 300 * 1024 * 1024
MAX_FILES = 2000

EXCLUDED_FOLDERS = frozenset(
    {
        *(".git", ".hg", ".svn", "__pycache__", ".ipynb_checkpoints"),
        *(".venv", "venv", "env", ".tox", ".nox", "node_modules", "site-packages"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".ssh", ".aws", ".azure"),
    }
)
#: What marks a folder of any name as a virtual environment.
ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "conda-meta"})
_FILES = re.compile(
    r"\.env(\..*|rc)?|\.netrc|\.pypirc|\.git-credentials|\.pgpass|"
    r"id_(rsa|dsa|ecdsa|ed25519)(_sk)?|.*\.(pem|key|p12|pfx|jks|keystore|ppk|pyc)",
    re.IGNORECASE,
)


def is_excluded(path: str) -> bool:
    """Whether a snapshot never holds a file of this path (`/`-separated)."""
    *folders, name = path.split("/")
    return any(folder in EXCLUDED_FOLDERS for folder in folders) or is_secret(name)


def is_excluded_folder(name: str) -> bool:
    return name in EXCLUDED_FOLDERS


def is_secret(name: str) -> bool:
    """Whether a file of this name is taken for a secret, or is of no use."""
    return bool(_FILES.fullmatch(name))


def check_archive_path(path: str) -> str:
    """A path that may stand in a snapshot's archive; raises InvalidName."""
    return check_path(path, "path")


def tree_hash(files: Iterable[tuple[str, str]]) -> str:
    """The SHA-256 of a tree of files, each a path and the SHA-256 of its content.

    All are 64 hexadecimal digits. The same files have the same hash, however an archive
    packs them.
    """
    found = hashlib.sha256()
    for path, content in sorted(files, key=lambda file: file[0].encode()):
        found.update(f"{content}  {path}\n".encode())
    return found.hexdigest()
