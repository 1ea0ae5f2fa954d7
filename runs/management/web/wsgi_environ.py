"""The WSGI environment of a request, as PEP 3333 says."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

_UNPREFIXED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def create_environ(scope: Mapping[str, Any]) -> dict[str, Any]:
    """All but the body: `wsgi.input` is set where it was received."""
    server = scope["server"] or ("", 80)
    client = scope["client"] or ("", 0)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        # The bytes that were sent, each as a character: Django decodes them.
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        add_header(environ, name.decode("latin-1"), value.decode("latin-1"))
    if "HTTP_HOST" not in environ and scope["http_version"] != "1.0":
        # RFC 9112, 3.2: such a request is refused. Django would take the server's name.
        environ["SERVER_NAME"] = ""
    return environ


def add_header(environ: dict[str, Any], name: str, value: str) -> None:
    if "_" in name:
        # It would read as the same header with a hyphen, which a proxy may have set.
        return
    key = _UNPREFIXED.get(name) or "HTTP_" + name.upper().replace("-", "_")
    if key in environ:
        divider = "; " if name == "cookie" else ","
        value = f"{environ[key]}{divider}{value}"
    environ[key] = value
