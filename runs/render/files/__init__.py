"""Files as they are previewed, shown in a tree and packed."""

from runs.render.files.code_highlighting import highlight, highlighted_lines
from runs.render.files.file_kinds import (
    AUDIO_TYPES,
    DOWNLOAD_TYPE,
    IMAGE_TYPES,
    PDF_TYPE,
    VIDEO_TYPES,
    FileKind,
    attachment_content_type,
    file_extension,
    file_icon,
    file_kind,
    inline_content_type,
    is_code,
    is_text,
)
from runs.render.files.file_tree import TreeFile, TreeFolder, build_tree
from runs.render.files.last_lines import last_text_lines
from runs.render.files.picture_headers import (
    PICTURE_HEAD_BYTES,
    begins_picture,
    picture_dimensions,
)
from runs.render.files.text_lines import (
    TextLines,
    decode_text,
    is_binary,
    lines_of_both_ends,
    numbered_lines,
)
from runs.render.files.zip_stream import ZipEntry, stream_zip, zip_size

__all__ = [
    "AUDIO_TYPES",
    "DOWNLOAD_TYPE",
    "IMAGE_TYPES",
    "PDF_TYPE",
    "PICTURE_HEAD_BYTES",
    "VIDEO_TYPES",
    "FileKind",
    "TextLines",
    "TreeFile",
    "TreeFolder",
    "ZipEntry",
    "attachment_content_type",
    "begins_picture",
    "build_tree",
    "decode_text",
    "file_extension",
    "file_icon",
    "file_kind",
    "highlight",
    "highlighted_lines",
    "inline_content_type",
    "is_binary",
    "is_code",
    "is_text",
    "last_text_lines",
    "lines_of_both_ends",
    "numbered_lines",
    "picture_dimensions",
    "stream_zip",
    "zip_size",
]
