"""What the form of a new run offers: sources, experiments, and how long runs take."""

from __future__ import annotations

from runs.search.submit.environments import list_environments, list_versions
from runs.search.submit.estimates import estimate_duration
from runs.search.submit.sources import (
    GitFacts,
    SourceChoice,
    describe_source,
    find_git_facts,
    find_source,
    list_source_choices,
)

__all__ = [
    "GitFacts",
    "SourceChoice",
    "describe_source",
    "estimate_duration",
    "find_git_facts",
    "find_source",
    "list_environments",
    "list_source_choices",
    "list_versions",
]
