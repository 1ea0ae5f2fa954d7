"""The kinds of stored data, and which kind a file is."""

from __future__ import annotations

from enum import Enum
from typing import Final

from django.db.models import Case, CharField, Q, Value, When

from runs.render.files import AUDIO_TYPES, IMAGE_TYPES, VIDEO_TYPES


class StoredKind(str, Enum):
    """The values are stored and sent by REST: released ones are never changed."""

    CHECKPOINTS = "checkpoints"
    LOGS = "logs"
    MEDIA = "media"
    METRICS = "metrics"
    SNAPSHOTS = "snapshots"
    OTHER = "other"
    TRASH = "trash"


#: Files with the state of a model, by the ends of their names.
_CHECKPOINTS: Final = (
    *("pt", "pth", "ckpt", "safetensors", "onnx", "h5", "hdf5", "keras", "bin"),
    *("pkl", "joblib", "pb", "tflite", "gguf", "npz"),
)
_MEDIA: Final = (*IMAGE_TYPES, *AUDIO_TYPES, *VIDEO_TYPES)
_LOGS: Final = ("log", "out", "err")
#: The folders where scripts and launchers write their output.
_LOG_FOLDERS: Final = ("logs", "user_logs", "azureml-logs", "system_logs")


def _ends(extensions: tuple[str, ...]) -> Q:
    found = Q()
    for each in extensions:
        found |= Q(name__iendswith=f".{each}")
    return found


def _is_log() -> Q:
    # A log that still grows has no hash.
    found = Q(sha256="") | _ends(_LOGS)
    for folder in _LOG_FOLDERS:
        found |= (Q(folder=folder) | Q(folder__startswith=f"{folder}/")) & Q(
            name__iendswith=".txt"
        )
    return found


#: The kinds of files, in the order in which they are tried.
FILE_CONDITIONS: Final = {
    StoredKind.LOGS: _is_log(),
    StoredKind.CHECKPOINTS: _ends(_CHECKPOINTS),
    StoredKind.MEDIA: _ends(_MEDIA),
}


def file_kind_expression() -> Case:
    """Return the kind of a row of `File`, for queries."""
    return Case(
        *(
            When(where, then=Value(kind.value))
            for kind, where in FILE_CONDITIONS.items()
        ),
        default=Value(StoredKind.OTHER.value),
        output_field=CharField(),
    )
