"""The script's file name and the state of its git repository."""

from __future__ import annotations

import sys
from pathlib import Path

from studio.core.git import without_credentials


def script_name() -> str:
    """The script's file name; empty in a notebook or at a prompt."""
    first = sys.argv[0] if sys.argv else ""
    is_script = first not in ("", "-c", "-m") and not hasattr(sys, "ps1")
    return Path(first).name if is_script and "ipykernel" not in sys.modules else ""


def git_properties(path: Path) -> dict[str, str]:
    """Repository, branch, commit, and whether files differ; empty outside of git."""
    commit = _run_git(path, "rev-parse", "HEAD")
    if not commit:
        return {}
    remote = _run_git(path, "config", "--get", "remote.origin.url")
    repository = without_credentials(remote)
    branch = _run_git(path, "rev-parse", "--abbrev-ref", "HEAD")
    is_dirty = bool(_run_git(path, "status", "--porcelain", "--untracked-files=no"))
    properties = {
        "azureml.git.repository_uri": repository,
        "azureml.git.branch": branch,
        "azureml.git.commit": commit,
        "azureml.git.dirty": str(is_dirty),
        "mlflow.source.git.repoURL": repository,
        "mlflow.source.git.branch": branch,
        "mlflow.source.git.commit": commit,
    }
    return {key: value for key, value in properties.items() if value}


def _run_git(path: Path, *arguments: str) -> str:
    # Imported here, since it would slow down the import of the package.
    import subprocess

    folder = path if path.is_dir() else path.parent
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
