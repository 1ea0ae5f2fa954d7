"""Delivery: everything that is logged reaches the server, exactly once.

A log call writes to a spool on disk and returns; background threads send what is there.
See docs/delivery.md for the guarantees.
"""

from studio.sdk.delivery.account import Account, read_account
from studio.sdk.delivery.background import count_waiting, open_sender
from studio.sdk.delivery.confined_files import has_only_files, open_below
from studio.sdk.delivery.notices import print_notice
from studio.sdk.delivery.piece_uploads import upload_file
from studio.sdk.delivery.receipts import Receipt, pluralize
from studio.sdk.delivery.retry_policy import RetryPause
from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.shutdown import LEFTOVERS_VARIABLE, drain_seconds
from studio.sdk.delivery.spool_folder import (
    SpoolFolder,
    SpoolOwner,
    list_abandoned_folders,
    spool_root,
)
from studio.sdk.delivery.stream_capture import StreamCapture
from studio.sdk.delivery.writer import Writer

__all__ = [
    "LEFTOVERS_VARIABLE",
    "Account",
    "Receipt",
    "RetryPause",
    "Sender",
    "SpoolFolder",
    "SpoolOwner",
    "StreamCapture",
    "Writer",
    "count_waiting",
    "drain_seconds",
    "has_only_files",
    "list_abandoned_folders",
    "open_below",
    "open_sender",
    "pluralize",
    "print_notice",
    "read_account",
    "spool_root",
    "upload_file",
]
