"""Which signal a command gets when, from the request to stop until it is gone."""

from __future__ import annotations

from studio.core.cancel_signals import CancelSignal

_ORDER = tuple(CancelSignal)


class SignalLadder:
    """SIGINT at once, then SIGTERM and SIGKILL after the given seconds.

    It reads no clock: each method gets the time.
    """

    def __init__(self, terminate_after: float, kill_after: float) -> None:
        self._delays = {
            CancelSignal.INTERRUPT: 0.0,
            CancelSignal.TERMINATE: terminate_after,
            CancelSignal.KILL: kill_after,
        }
        self._due: dict[CancelSignal, float] = {}
        self._sent: set[CancelSignal] = set()

    @property
    def is_started(self) -> bool:
        return bool(self._due)

    def start(self, now: float, first: CancelSignal = CancelSignal.INTERRUPT) -> None:
        """Begin with `first`; the signals before it are left out."""
        if self.is_started:
            return
        skipped = self._delays[first]
        for signal in _ORDER[_ORDER.index(first) :]:
            self._due[signal] = now + max(0.0, self._delays[signal] - skipped)

    def hasten(self, signal: CancelSignal, now: float) -> None:
        """Send `signal` now and no weaker one any more."""
        self.start(now, signal)
        for weaker in _ORDER[: _ORDER.index(signal)]:
            self._due.pop(weaker, None)
        self._due[signal] = min(now, self._due.get(signal, now))

    def next_due(self, now: float) -> CancelSignal | None:
        """The next signal, if it is due; it is returned once."""
        for signal in _ORDER:
            at = self._due.get(signal)
            if at is None or signal in self._sent:
                continue
            if at > now:
                return None
            self._sent.add(signal)
            return signal
        return None

    def seconds_to_next(self, now: float) -> float | None:
        """How long until a signal is due; None if none is left."""
        left = [
            at - now for signal, at in self._due.items() if signal not in self._sent
        ]
        return max(0.0, min(left)) if left else None

    def has_sent(self, signal: CancelSignal) -> bool:
        return signal in self._sent
