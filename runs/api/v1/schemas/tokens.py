"""Schemas of API tokens. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from runs.api.v1.schemas.runs import RequestStruct

#: The longest life of a token that expires, in days.
MAX_TOKEN_DAYS = 3650


class TokenInfo(Struct):
    """`prefix` are its first characters; `current` is the token of this request."""

    id: int
    name: str
    prefix: str
    workspace: str
    role: str
    current: bool
    created: int | None
    last_used: int | None
    expires: int | None


class TokenList(Struct):
    tokens: list[TokenInfo]


class NewToken(RequestStruct):
    """`role` is its maximum role: reader, contributor or owner. `days`: until it
    expires.

    Without `role` it is a contributor, or what this request's token is.
    """

    name: str
    workspace: str
    role: str | None = None
    days: Annotated[int, Meta(ge=1, le=MAX_TOKEN_DAYS)] | None = None


class NewTokenReply(Struct):
    """`token` is the secret."""

    token: str
    info: TokenInfo
