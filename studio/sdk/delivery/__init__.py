"""Delivery: everything that is logged reaches the server, exactly once.

A log call writes to a spool on disk and returns; background threads send what is there.
See docs/delivery.md for the guarantees.
"""

from studio.sdk.delivery.background import get_user_name, open_sender
from studio.sdk.delivery.notices import print_notice
from studio.sdk.delivery.receipts import Receipt, pluralize
from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.spool_folder import SpoolFolder, list_abandoned_folders
from studio.sdk.delivery.stream_capture import StreamCapture
from studio.sdk.delivery.writer import Writer

__all__ = [
    "Receipt",
    "Sender",
    "SpoolFolder",
    "StreamCapture",
    "Writer",
    "get_user_name",
    "list_abandoned_folders",
    "open_sender",
    "pluralize",
    "print_notice",
]
