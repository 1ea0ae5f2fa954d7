"""Secrets are never shown: `***` takes their place in logs and errors."""

from __future__ import annotations

from collections.abc import Iterable

from studio.core.names import MIN_SECRET_CHARS

MASK = "***"


class Redactor:
    """Replaces the given texts; the lines of a text of several lines, too."""

    def __init__(self, secrets: Iterable[str]) -> None:
        texts = {line.strip() for secret in secrets for line in secret.splitlines()}
        # The longest first: one can be the start of another.
        long = [text for text in texts if len(text) >= MIN_SECRET_CHARS]
        self._texts = sorted(long, key=len, reverse=True)
        self._bytes = [text.encode() for text in self._texts]

    def in_text(self, text: str) -> str:
        for secret in self._texts:
            text = text.replace(secret, MASK)
        return text

    def in_bytes(self, data: bytes) -> bytes:
        for secret in self._bytes:
            data = data.replace(secret, MASK.encode())
        return data

    def partial_secret(self, data: bytes) -> int:
        """How many bytes at the end of `data` can be the start of a secret."""
        sizes = [
            size
            for secret in self._bytes
            for size in range(min(len(secret) - 1, len(data)), 0, -1)
            if data.endswith(secret[:size])
        ]
        return max(sizes, default=0)


class RedactedStream:
    """A stream of bytes without secrets, also where two chunks split one."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor, self._held = redactor, b""

    def feed(self, chunk: bytes) -> bytes:
        """What can be shown now; the start of a secret waits for the next chunk."""
        data = self._redactor.in_bytes(self._held + chunk)
        size = self._redactor.partial_secret(data)
        self._held = data[len(data) - size :]
        return data[: len(data) - size]

    def finish(self) -> bytes:
        """The rest."""
        rest, self._held = self._held, b""
        return rest
