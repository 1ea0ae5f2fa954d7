"""WAV files: what the header says, and the waveform as the path of an SVG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runs.render.previews.content import ByteSource, InvalidContent

#: Columns of the waveform, and samples read for each.
COLUMNS, SAMPLES_PER_COLUMN = 600, 2048
HEIGHT = 96
MAX_CHUNKS = 200
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


@dataclass(frozen=True)
class WavHeader:
    """`bits` per sample; `frames` have a sample for each channel."""

    format: int
    channels: int
    rate: int
    bits: int
    start: int
    frames: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def read_wav_header(source: ByteSource) -> WavHeader:
    """Read the chunks up to the samples. Raises InvalidContent."""
    head = source.read_at(0, 12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise InvalidContent
    at, form = 12, b""
    for _chunk in range(MAX_CHUNKS):
        start = source.read_at(at, 8)
        if len(start) < 8:
            break
        size = int.from_bytes(start[4:], "little")
        if start[:4] == b"fmt ":
            form = source.read_at(at + 8, min(size, 40))
        elif start[:4] == b"data":
            return _header(form, at + 8, min(size, source.size - at - 8))
        # Chunks begin at even positions.
        at += 8 + size + size % 2
    raise InvalidContent


def _header(form: bytes, start: int, size: int) -> WavHeader:
    if len(form) < 16:
        raise InvalidContent
    code, channels, rate, _speed, _align, bits = (
        int.from_bytes(form[at : at + length], "little")
        for at, length in ((0, 2), (2, 2), (4, 4), (8, 4), (12, 2), (14, 2))
    )
    if code == _EXTENSIBLE and len(form) >= 26:
        code = int.from_bytes(form[24:26], "little")
    allowed = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}.get(code, ())
    if bits not in allowed or not 1 <= channels <= 64 or not rate:
        raise InvalidContent
    return WavHeader(code, channels, rate, bits, start, size // (channels * bits // 8))


def waveform_path(source: ByteSource, header: WavHeader) -> str:
    """Return an SVG path: for each column a line from the lowest to the highest sample.

    Of a long file, only the beginning of each column is read.
    """
    columns = min(COLUMNS, header.frames)
    parts = []
    for column in range(columns):
        first = header.frames * column // columns
        last = max(first + 1, header.frames * (column + 1) // columns)
        count = min(last - first, SAMPLES_PER_COLUMN)
        data = source.read_at(
            header.start + first * header.frame_bytes, count * header.frame_bytes
        )
        low, high = _extremes(data, header)
        x = column * COLUMNS / columns
        parts.append(f"M{x:.1f} {_height(high)}V{_height(low)}")
    return "".join(parts)


def _height(level: float) -> str:
    # One unit at least, so that silence is a line.
    return f"{(1 - level) * (HEIGHT - 2) / 2 + (0.5 if level >= 0 else 1.5):.1f}"


def _extremes(data: bytes, header: WavHeader) -> tuple[float, float]:
    """Return the lowest and the highest sample, between -1 and 1."""
    width = header.bits // 8
    data = data[: len(data) - len(data) % width]
    if not data:
        return 0.0, 0.0
    if header.format == _FLOAT:
        numbers = np.nan_to_num(np.frombuffer(data, f"<f{width}").astype(float))
    elif width == 1:
        numbers = np.frombuffer(data, np.uint8) / 128 - 1
    elif width == 3:
        # The bytes become the upper three of four, so that the sign is right.
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        numbers = padded.view("<i4").ravel() / 2**31
    else:
        numbers = np.frombuffer(data, f"<i{width}") / float(2 ** (header.bits - 1))
    low, high = np.clip([numbers.min(), numbers.max()], -1, 1)
    return float(low), float(high)
