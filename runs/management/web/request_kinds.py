"""What a request asks for, as the metrics of the server name it."""

from __future__ import annotations

import re

_API = re.compile(r"/(?:w/[^/]+/)?(?:ajax-)?api/(v1(?:/|$))?")
MONITORING_PATHS = ("/healthz", "/readyz", "/metrics")


def kind_of(path: str) -> str:
    """Return one of `runs.http.REQUEST_KINDS`."""
    if path.startswith(("/static/", "/dist/")):
        return "static"
    if path in MONITORING_PATHS:
        return "monitoring"
    found = _API.match(path)
    if found is None:
        return "page"
    return "rest" if found[1] else "mlflow"
