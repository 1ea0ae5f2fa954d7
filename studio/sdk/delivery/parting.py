"""The last words of a writer: its receipt, and then how the run ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.core.errors import Conflict
from studio.sdk.delivery.counts import Receipt, tally_of
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.terms import TIMEOUT, WRONG

if TYPE_CHECKING:
    from studio.sdk.delivery.courier import Courier


def part(courier: Courier) -> Receipt:
    """Called when all was delivered; may be repeated. Raises StudioError."""
    receipt = _write_receipt(courier)
    ending = courier.ending or courier.place.read("end.json")
    status = ending.get("status")
    if status:
        body = {
            "status": status,
            "message": ending.get("message", ""),
            "ended": ending.get("ended"),
        }
        path = f"{courier.base}/status"
        try:
            courier.client.json("POST", path, body, timeout=TIMEOUT, attempts=1)
        except (*WRONG, Conflict) as error:
            tell(f"The status {status} was refused: {error.message}")
    return receipt


def _write_receipt(courier: Courier) -> Receipt:
    owner, losses = courier.place.owner, courier.losses
    files = losses.files()
    body = {
        "points": losses.points(0).sent,
        "files": files.sent,
        "stored_files": files.stored,
        "log_bytes": courier.log_bytes,
    }
    path = f"{courier.base}/writers/{owner.writer}"
    told = courier.client.json("PUT", path, body, timeout=TIMEOUT, attempts=1)
    return Receipt(
        owner.run_id,
        tally_of(told["points"]),
        tally_of(told["files"]),
        tally_of(told["log_bytes"]),
        gone=losses.now(),
    )
