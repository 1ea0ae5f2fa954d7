"""The minimum rate of a transfer, averaged over a while."""

from __future__ import annotations


class Pace:
    """A client has `seconds` to spend on waiting, and earns more by each byte.

    So a transfer may stop for that long, and may take as long as it likes while it
    makes `rate` bytes a second on average.
    """

    def __init__(self, rate: int, seconds: float) -> None:
        self.rate = rate
        self.seconds = seconds
        self.left = seconds

    def note(self, waited: float, size: int) -> None:
        """Count `size` bytes that came, or went, in `waited` seconds."""
        earned = self.left - waited + size / self.rate
        self.left = min(self.seconds, earned)

    @property
    def is_too_slow(self) -> bool:
        return self.left <= 0
