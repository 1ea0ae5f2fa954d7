"""Bodies for the endpoints of submitted runs: right ones by operation, and wrong."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

from studio.core.snapshots import tree_hash
from tests.api.rest import Rest

RUN = "runs/r1"
SCRIPT = b"print(1)"
TREE = tree_hash([("train.py", hashlib.sha256(SCRIPT).hexdigest())])
#: A body that is right, for every operation that takes one.
RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "link_known_snapshot": ("POST", f"{RUN}/snapshot/known", {"tree": TREE}),
}
#: Operation, what differs from the right body, and the field that is named.
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("create_run", {"definition": {}}, "definition.script"),
    ("create_run", {"definition": []}, "definition"),
    ("create_run", {"definition": {"script": "../x.py"}}, "definition.script"),
    ("link_known_snapshot", {"tree": "xyz"}, "tree"),
    ("link_known_snapshot", {"tree": TREE.upper()}, "tree"),
    ("link_known_snapshot", {"tree": 5}, "tree"),
]


def prepare(rest: Rest) -> None:
    """Create what the bodies name."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr("train.py", SCRIPT)
    rest.send("PUT", f"{RUN}/snapshot", target.getvalue(), "application/zip")
