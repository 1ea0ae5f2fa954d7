"""The git repository of a run's sources, as its client recorded it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from runs.models import File, Run
from runs.search.files import find_files
from studio.core.git import without_credentials

#: Where the SDK, `studio run` and the MLflow plugin keep the uncommitted changes.
DIFF_PATH = "system_logs/uncommitted.diff"
_COMMIT = ("mlflow.source.git.commit", "azureml.git.commit")
_BRANCH = ("mlflow.source.git.branch", "azureml.git.branch")
_REPOSITORY = ("mlflow.source.git.repoURL", "azureml.git.repository_uri")
_DIRTY = ("azureml.git.dirty", "mlflow.source.git.dirty")
#: `git@host:team/repository.git`
_SSH_ADDRESS = re.compile(r"(?:ssh://)?[\w.-]+@([\w.-]+)[:/]([\w./~-]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class GitState:
    """Empty, or false, for what is not recorded."""

    commit: str
    branch: str
    repository: str
    is_dirty: bool

    @property
    def page(self) -> str:
        """The repository's web address; empty if the remote has none."""
        address = self.repository
        if address.startswith(("https://", "http://")):
            return address.removesuffix(".git")
        found = _SSH_ADDRESS.fullmatch(address)
        return f"https://{found[1]}/{found[2]}" if found else ""


def read_git_state(known: Mapping[str, str]) -> GitState | None:
    """Read it from a run's tags and properties; None without a commit."""
    commit = _first_value(known, _COMMIT)
    if not commit:
        return None
    return GitState(
        commit,
        _first_value(known, _BRANCH),
        without_credentials(_first_value(known, _REPOSITORY)),
        _first_value(known, _DIRTY).lower() == "true",
    )


def find_diff(run: Run) -> File | None:
    """The file with the uncommitted changes; one query."""
    return find_files(run, [DIFF_PATH]).get(DIFF_PATH)


def _first_value(known: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((known[key] for key in keys if known.get(key)), "")
