"""Delivery: what is logged reaches the server, once, whatever happens in between.

A log call writes to a spool on disk and returns; background threads send what is there.
See docs/delivery.md for the promises.
"""

from studio.sdk.delivery.receipts import Receipt, Tally
from studio.sdk.delivery.stream_capture import Streams
from studio.sdk.delivery.writer import Writer

__all__ = ["Receipt", "Streams", "Tally", "Writer"]
