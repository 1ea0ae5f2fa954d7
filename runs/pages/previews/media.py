"""Audio and video, which the browser plays from their own address."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy, ngettext

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import BudgetExceeded, PreviewReader
from runs.render.files import AUDIO_TYPES, VIDEO_TYPES, file_extension
from runs.render.formats import number
from runs.render.previews import (
    COLUMNS,
    HEIGHT,
    InvalidContent,
    read_wav_header,
    waveform_path,
)

#: What the columns of a waveform read, with 8 channels of 4 bytes.
MAX_WAVE_BYTES = 64 << 20


@dataclass(frozen=True)
class Waveform:
    """The path of an SVG of `width` by `height`, empty without a waveform."""

    path: str
    width: int = COLUMNS
    height: int = HEIGHT


def is_audio(name: str, _head: bytes) -> bool:
    return file_extension(name) in AUDIO_TYPES


def build_audio(reader: PreviewReader) -> Shown:
    try:
        header = read_wav_header(reader)
        path = waveform_path(reader, header)
    except (InvalidContent, BudgetExceeded):
        # The browser knows more formats than this page.
        return Shown(Waveform(""))
    channels = ngettext("%(n)s channel", "%(n)s channels", header.channels)
    summary = (
        f"{number(round(header.seconds, 2))} s, {number(header.rate / 1000)} kHz, "
        f"{channels % {'n': header.channels}}"
    )
    return Shown(Waveform(path), summary)


def is_video(name: str, _head: bytes) -> bool:
    return file_extension(name) in VIDEO_TYPES


def build_video(_reader: PreviewReader) -> Shown:
    return Shown(None)


AUDIO = PreviewKind(
    "audio",
    gettext_lazy("Play audio"),
    is_audio,
    build_audio,
    MAX_WAVE_BYTES,
    icon="play",
)
VIDEO = PreviewKind(
    "video", gettext_lazy("Play video"), is_video, build_video, 0, icon="play"
)
