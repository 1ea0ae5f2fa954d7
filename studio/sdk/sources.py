"""What is known of a script's sources: its file's name, and where git stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def script_name() -> str:
    """The script's file, or nothing in a notebook or at a prompt."""
    first = sys.argv[0] if sys.argv else ""
    is_script = first not in ("", "-c", "-m") and not hasattr(sys, "ps1")
    return Path(first).name if is_script and "ipykernel" not in sys.modules else ""


def git_properties(place: Path) -> dict[str, str]:
    """Repository, branch, commit, and whether files differ from it; {} outside."""
    commit = _git(place, "rev-parse", "HEAD")
    if not commit:
        return {}
    address = _without_password(_git(place, "config", "--get", "remote.origin.url"))
    branch = _git(place, "rev-parse", "--abbrev-ref", "HEAD")
    dirty = bool(_git(place, "status", "--porcelain", "--untracked-files=no"))
    found = {
        "azureml.git.repository_uri": address,
        "azureml.git.branch": branch,
        "azureml.git.commit": commit,
        "azureml.git.dirty": str(dirty),
        "mlflow.source.git.repoURL": address,
        "mlflow.source.git.branch": branch,
        "mlflow.source.git.commit": commit,
    }
    return {key: value for key, value in found.items() if value}


def _git(place: Path, *words: str) -> str:
    folder = place if place.is_dir() else place.parent
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _without_password(address: str) -> str:
    scheme, separator, rest = address.partition("://")
    host = rest.partition("/")[0]
    if separator and "@" in host:
        return f"{scheme}://{rest[rest.index('@') + 1 :]}"
    return address
