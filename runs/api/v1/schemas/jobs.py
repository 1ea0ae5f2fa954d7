"""Schemas of submitted runs: definitions, tokens, known snapshots."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from runs.api.v1.schemas.runs import RequestStruct


class DefinitionReply(Struct):
    """What the run executes, with the keys of a run configuration of v1."""

    definition: dict[str, Any]


class RunTokenReply(Struct):
    """`token` is a secret for the run's script."""

    token: str


class KnownTree(RequestStruct):
    """`tree` is the hash of the files: the SHA-256 of the lines `<SHA-256 of the
    content>  <path>`, in the order of the paths.
    """

    tree: str
