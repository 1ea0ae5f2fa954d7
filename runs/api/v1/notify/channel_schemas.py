"""Schemas of channels. Times are milliseconds since 1970."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from runs.api.v1.schemas import RequestStruct

HookFormatName = Literal["eventgrid", "cloudevents"]


class AlertChannelText(RequestStruct):
    """A webhook. Replies never have its address and secret."""

    name: str
    address: str
    secret: str
    format: HookFormatName = "cloudevents"
    enabled: bool = True


class AlertChannelEdit(RequestStruct):
    """What is left out stays as it is."""

    name: str | None = None
    address: str = ""
    secret: str = ""
    format: HookFormatName | None = None
    enabled: bool | None = None


class AlertChannelInfo(Struct):
    """`last_error` says why the last attempt failed; it is empty if it did not."""

    number: int
    name: str
    format: str
    enabled: bool
    last_tried: int | None
    last_error: str


class AlertChannelList(Struct):
    channels: list[AlertChannelInfo]


class ChannelTestSent(Struct):
    """The worker sends the test with this `Idempotency-Key`."""

    key: str
