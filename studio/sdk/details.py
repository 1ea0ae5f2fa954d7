"""A run as a dict, and its addresses: the shapes that v1 scripts read."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from studio.core.errors import InvalidValue, NotFound
from studio.core.names import check_description, check_display_name
from studio.sdk.files import LOG_FOLDERS
from studio.sdk.logging import Logging
from studio.sdk.reading import Reading
from studio.sdk.texts import Texts

#: How the message of a run begins that an exception ended.
PROGRAM_FAILED = "User program failed with "
#: Where v1 sends whoever reads such a message.
TROUBLESHOOTING = "https://aka.ms/azureml-run-troubleshooting"


class Details(Logging, Reading, Texts):
    """What a run says of itself."""

    _streams: Any = None

    @property
    def type(self) -> str | None:
        """`azureml.scriptrun` for a submitted run, None for an interactive one."""
        return self._info.get("type") or None

    @property
    def number(self) -> int:
        """The run's number in its experiment."""
        return int(self._info.get("number") or 0)

    @property
    def name(self) -> str:
        """The display name."""
        return self.display_name

    @property
    def display_name(self) -> str:
        return str(self._info.get("name") or self._id)

    @display_name.setter
    def display_name(self, name: str) -> None:
        self._change("name", name, check_display_name)

    @property
    def description(self) -> str | None:
        """Markdown; None where there is none."""
        return self._info.get("description") or None

    @description.setter
    def description(self, text: str | None) -> None:
        self._change("description", text or "", check_description)

    def _change(self, field: str, text: str, check: Callable[[object], str]) -> None:
        try:
            change = {field: check(text)}
        except InvalidValue as error:
            self._not_kept(error)
            return
        told = self._write("PATCH", "", change)
        self._info = told or {**self._info, **change}

    def get_portal_url(self) -> str:
        """The address of the run's page."""
        client = self._link.client
        return f"{client.url}/w/{quote(client.workspace)}/runs/{self._id}/"

    @property
    def portal_url(self) -> str:
        return self.get_portal_url()

    def get_details(self) -> dict[str, Any]:
        """Identity, status, times (ISO 8601, UTC), error, properties, files, submitter.

        What is not known is left out.
        """
        self._refresh()
        info = self._info
        found: dict[str, Any] = {
            "runId": self._id,
            "target": info.get("target") or "local",
            "status": self._status or info.get("status"),
            "startTimeUtc": as_time(info.get("started")),
            "endTimeUtc": as_time(info.get("ended")),
            "error": self._error(),
            "services": {},
            "properties": self.get_properties(),
            "inputDatasets": [],
            "outputDatasets": [],
            "logFiles": {path: self._stream(path) for path in self._log_files()},
            "submittedBy": info.get("submitter"),
        }
        return {key: value for key, value in found.items() if value is not None}

    def get_details_with_logs(self) -> dict[str, Any]:
        """The same, with the texts of the log files in place of their addresses."""
        details = self.get_details()
        details["logFiles"] = {path: self._text(path) for path in details["logFiles"]}
        return details

    def _error(self) -> dict[str, Any] | None:
        message = self._info.get("error")
        if not message:
            return None
        found = {"code": "UserError", "message": message}
        if message.startswith(PROGRAM_FAILED):
            found["detailsUri"] = TROUBLESHOOTING
        return {"error": found}

    def _log_files(self) -> list[str]:
        if self._link.deferred:
            return []
        return [path for path in self.get_file_names() if path.startswith(LOG_FOLDERS)]

    def _text(self, path: str) -> str:
        target = io.BytesIO()
        try:
            self._link.client.download(self._place(f"files/{quote(path)}"), target)
        except NotFound:
            return ""
        return target.getvalue().decode(errors="replace")

    def get_file_names(self) -> list[str]:
        raise NotImplementedError


def as_time(ms: int | None) -> str | None:
    """Milliseconds since 1970 as ISO 8601 in UTC."""
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
