"""Lines of the log, as text or JSON, each with the id of the request that it is about.

A request has the id that it brings in `X-Request-ID`, as proxies add it, else a new
one. The response has it in the same header (`runs.access.middleware`).
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

REQUEST_ID_HEADER = "X-Request-ID"
#: Of the request that this thread answers.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class TextLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 logging's
        line = super().formatMessage(record)
        found = request_id.get()
        return f"{line} [request {found}]" if found else line


class JsonLines(logging.Formatter):
    """One object a line, without line breaks in it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **getattr(record, "facts", {}),
        }
        if found := request_id.get():
            line["request_id"] = found
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
