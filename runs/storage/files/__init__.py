"""Bytes of stored files: blobs, pieces, zip archives, quarantine, deletion lock."""

from runs.storage.files.archives import (
    ArchiveMember,
    list_members,
    open_member,
    read_member,
)
from runs.storage.files.deletion_lock import deletions_allowed, hold_deletions
from runs.storage.files.folder_store import (
    DERIVED,
    INCOMING,
    MISSING_MESSAGE,
    QUARANTINE,
    READ_CHUNK_BYTES,
    RESPONSE_CHUNK_BYTES,
    Blob,
    FileChunks,
    WriteAt,
    files,
    is_blob_name,
)
from runs.storage.files.pieces import (
    BlobPiece,
    JoinedPieces,
    copy_piece,
    join_pieces,
    write_piece,
)
from runs.storage.files.quarantine import (
    delete_quarantined,
    incoming_blobs_before,
    list_quarantined,
    move_to_quarantine,
    quarantined_blobs_before,
)
from runs.storage.files.shared_bytes import share_bytes

__all__ = [
    "DERIVED",
    "INCOMING",
    "MISSING_MESSAGE",
    "QUARANTINE",
    "READ_CHUNK_BYTES",
    "RESPONSE_CHUNK_BYTES",
    "ArchiveMember",
    "Blob",
    "BlobPiece",
    "FileChunks",
    "JoinedPieces",
    "WriteAt",
    "copy_piece",
    "delete_quarantined",
    "deletions_allowed",
    "files",
    "hold_deletions",
    "incoming_blobs_before",
    "is_blob_name",
    "join_pieces",
    "list_members",
    "list_quarantined",
    "move_to_quarantine",
    "open_member",
    "quarantined_blobs_before",
    "read_member",
    "share_bytes",
    "write_piece",
]
