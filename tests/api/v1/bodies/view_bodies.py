"""Bodies for the endpoints of views: right ones by operation, and what is wrong."""

from __future__ import annotations

from typing import Any

#: Of the view that is there.
SLUG = "aaaaaaaaaa"
VIEW = f"views/{SLUG}"
RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "create_view": ("POST", "views", {"name": "new", "state": {"q": "tag:x"}}),
    "change_view": ("PATCH", VIEW, {"name": "new"}),
    "restore_revision": ("POST", f"{VIEW}/revisions/1/restore", {"seen": 1}),
    "clone_view": ("POST", f"{VIEW}/clone", {"workspace": "lab"}),
    "set_default_view": ("PUT", "views/default", {"view": SLUG}),
    "apply_views": ("POST", "views/apply", {"yaml": "views: []"}),
}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("create_view", {"name": ""}, "name"),
    ("create_view", {"name": 5}, "name"),
    ("create_view", {"shared": "yes"}, "shared"),
    ("create_view", {"description": "x" * 70_000}, "description"),
    ("create_view", {"state": []}, "state"),
    ("create_view", {"state": {"rows": 7}}, "rows"),
    ("create_view", {"state": {"selected": ["a", "\x00"]}}, "selected"),
    ("create_view", {"state": {"tree": "\x00"}}, "tree"),
    ("change_view", {"state": {"group": "tags.a!open=\x00,b"}}, "group"),
    ("change_view", {"name": "\x00"}, "name"),
    ("change_view", {"revision": "1"}, "revision"),
    ("restore_revision", {"seen": "x"}, "seen"),
    ("clone_view", {"workspace": 5}, "workspace"),
    ("set_default_view", {"view": 5}, "view"),
    ("set_default_view", {"everybody": 1}, "everybody"),
    ("apply_views", {"yaml": 5}, "yaml"),
]
