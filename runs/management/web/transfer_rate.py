"""The minimum rate of a transfer, averaged over some seconds."""

from __future__ import annotations


class MinimumRate:
    """A budget of waiting time: waiting spends it, and each byte refills it.

    So a transfer can pause for up to `seconds`, and can take any time as long as it
    averages `rate` bytes per second.
    """

    def __init__(self, rate: int, seconds: float) -> None:
        self.rate = rate
        self.seconds = seconds
        self.seconds_left = seconds

    def count_transfer(self, waited: float, size: int) -> None:
        """Count `size` bytes that were transferred in `waited` seconds."""
        earned = self.seconds_left - waited + size / self.rate
        self.seconds_left = min(self.seconds, earned)

    @property
    def is_too_slow(self) -> bool:
        return self.seconds_left <= 0
