"""Bodies for the endpoints of uploads: right ones, and what is wrong."""

from __future__ import annotations

from typing import Any

from runs.models import File, Run, Upload

UPLOADS = "runs/r1/uploads"
RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "open_upload": ("POST", UPLOADS, {"path": "a.bin", "size": 5}),
    "complete_upload": ("POST", f"{UPLOADS}/done/complete", {"sha256": "0" * 64}),
}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("open_upload", {"path": "../x"}, "path"),
    ("open_upload", {"path": ""}, "path"),
    ("open_upload", {"path": "a\x00"}, "path"),
    ("open_upload", {"path": None}, "path"),
    ("open_upload", {"size": -1}, "size"),
    ("open_upload", {"size": 2**63}, "size"),
    ("open_upload", {"size": "5"}, "size"),
    ("open_upload", {"key": "k" * 65}, "key"),
    ("open_upload", {"key": "\x00"}, "key"),
    ("open_upload", {"overwrite": 1}, "overwrite"),
    ("complete_upload", {"sha256": "0" * 63}, "sha256"),
    ("complete_upload", {"sha256": "X" * 64}, "sha256"),
    ("complete_upload", {"sha256": None}, "sha256"),
]


def prepare() -> None:
    """A completed upload of the run `r1`."""
    run = Run.objects.get(run_id="r1")
    row = {"run": run, "size": 0, "created": 1}
    file = File.objects.create(name="f", path_key=b"f", blob="f", sha256="", **row)
    Upload.objects.create(
        blob="done", path="f", updated=1, completed=1, file_key=file.pk, **row
    )
