"""The first bytes of a file as hexadecimal numbers, and what they seem to be."""

from __future__ import annotations

from collections.abc import Iterator

SHOWN_BYTES = 512
_LINE = 16
#: Beginnings of well-known formats.
_SIGNATURES = (
    (b"PAR1", "Parquet"),
    (b"SQLite format 3\0", "SQLite"),
    (b"\x7fELF", "ELF"),
    (b"MZ", "Windows program"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "XZ"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"ARROW1", "Arrow"),
    (b"GGUF", "GGUF"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"%PDF-", "PDF"),
    (b"Obj\x01", "Avro"),
    (b"\x93NUMPY", "NumPy"),
)


def format_name(head: bytes) -> str:
    """Return the name of a format by its first bytes, or an empty text."""
    return next((name for sign, name in _SIGNATURES if head.startswith(sign)), "")


def hex_lines(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield the offset, the bytes in hexadecimal, and the printable characters."""
    for at in range(0, len(data), _LINE):
        line = data[at : at + _LINE]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in line)
        yield f"{at:08x}", line.hex(" "), shown
