"""What a file is, by its name: how it is previewed, which type it is sent with."""

from __future__ import annotations

import mimetypes
from enum import Enum


class FileKind(str, Enum):
    TEXT = "text"
    IMAGE = "image"
    JSON = "json"
    TABLE = "table"
    MARKDOWN = "markdown"
    HTML = "html"


IMAGE_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "svg": "image/svg+xml",
}
_KINDS = {
    **dict.fromkeys(IMAGE_TYPES, FileKind.IMAGE),
    "json": FileKind.JSON,
    "csv": FileKind.TABLE,
    "tsv": FileKind.TABLE,
    "md": FileKind.MARKDOWN,
    "markdown": FileKind.MARKDOWN,
    "html": FileKind.HTML,
    "htm": FileKind.HTML,
}
_CODE = frozenset(
    "py ipynb sh js ts yaml yml toml ini cfg sql r jl c cpp h java".split()
)
_TEXTS = frozenset("txt log out err".split())
_TEXT_KINDS = (FileKind.JSON, FileKind.TABLE, FileKind.MARKDOWN, FileKind.HTML)
AUDIO_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "weba": "audio/webm",
}
VIDEO_TYPES = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "webm": "video/webm",
    "ogv": "video/ogg",
    "mov": "video/quicktime",
}
PDF_TYPE = "application/pdf"
#: What may be shown instead of being downloaded, in a sandbox.
INLINE_TYPES = {
    **IMAGE_TYPES,
    **AUDIO_TYPES,
    **VIDEO_TYPES,
    "html": "text/html",
    "htm": "text/html",
    "pdf": PDF_TYPE,
}
DOWNLOAD_TYPE = "application/octet-stream"
#: Files that MLflow writes without an extension, and texts that browsers would apply.
_PLAIN_TEXTS = frozenset({"mlmodel", "mlproject", "xml", "xsl", "rst", "conf", "env"})
#: The types that Python knows, without those of this machine.
_KNOWN_TYPES = mimetypes.MimeTypes()


def file_extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def file_kind(name: str) -> FileKind:
    return _KINDS.get(file_extension(name), FileKind.TEXT)


def is_code(name: str) -> bool:
    return file_extension(name) in _CODE


def is_text(name: str) -> bool:
    """Whether its name says so; of any other name a look at the bytes tells."""
    return (
        is_code(name)
        or file_extension(name) in _TEXTS
        or file_kind(name) in _TEXT_KINDS
    )


def inline_content_type(name: str) -> str | None:
    """The media type that the file is shown with; None if it is only downloaded."""
    found = INLINE_TYPES.get(file_extension(name))
    # A page without a charset would be read in the browser's default encoding.
    return f"{found}; charset=utf-8" if found == "text/html" else found


def attachment_content_type(name: str) -> str:
    """The media type that an attachment is sent with.

    Scripts and style sheets get a type that no page of this server can load them with.
    """
    extension = file_extension(name) or name.lower()
    if extension in _PLAIN_TEXTS or (is_text(name) and extension not in INLINE_TYPES):
        return "text/plain"
    found, encoding = _KNOWN_TYPES.guess_type(f"x.{extension}")
    if found is None or encoding or found.endswith(("javascript", "ecmascript", "css")):
        return DOWNLOAD_TYPE
    return found


def file_icon(name: str) -> str:
    """The sprite's symbol."""
    kind = file_kind(name)
    if kind is FileKind.IMAGE:
        return "image"
    if kind is FileKind.JSON:
        return "json"
    return "code" if is_code(name) or kind is FileKind.HTML else "file"
