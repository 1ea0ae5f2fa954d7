"""A run's name, description and details, in the shapes that v1 scripts read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from studio.core.errors import InvalidValue
from studio.core.names import check_description, check_display_name
from studio.sdk.run.files import RunFiles
from studio.sdk.run.state import RunState
from studio.sdk.run.tags import RunTagsAndParams, raise_or_warn

#: The start of the error message of a run that ended by an exception.
PROGRAM_FAILED = "User program failed with "
#: The v1 SDK refers to this page in the details of such an error.
TROUBLESHOOTING_URL = "https://aka.ms/azureml-run-troubleshooting"


class RunInfo:
    """Reads and changes what describes a run."""

    def __init__(
        self, state: RunState, texts: RunTagsAndParams, files: RunFiles
    ) -> None:
        self._state, self._texts, self._files = state, texts, files

    @property
    def display_name(self) -> str:
        return str(self._state.info.get("name") or self._state.id)

    def set_display_name(self, name: str) -> None:
        self._change_field("name", name, check_display_name)

    def set_description(self, text: str) -> None:
        self._change_field("description", text, check_description)

    def _change_field(
        self, field: str, text: str, check: Callable[[object], str]
    ) -> None:
        try:
            change = {field: check(text)}
        except InvalidValue as error:
            raise_or_warn(self._state, error)
            return
        info = self._state.write("PATCH", "", change)
        self._state.info = info or {**self._state.info, **change}

    def get_details(self) -> dict[str, Any]:
        """The run as a dict, without what is not known."""
        self._state.refresh()
        info = self._state.info
        details: dict[str, Any] = {
            "runId": self._state.id,
            "target": info.get("target") or "local",
            "status": self._state.local_status or info.get("status"),
            "startTimeUtc": format_time(info.get("started")),
            "endTimeUtc": format_time(info.get("ended")),
            "error": self._describe_error(),
            "services": {},
            "properties": self._texts.get_properties(),
            "inputDatasets": [],
            "outputDatasets": [],
            "runDefinition": self.read_definition(),
            "logFiles": {path: self._file_url(path) for path in self._list_logs()},
            "submittedBy": info.get("submitter"),
        }
        return {key: value for key, value in details.items() if value is not None}

    def get_details_with_logs(self) -> dict[str, Any]:
        """The details with the texts of the log files instead of their addresses."""
        details = self.get_details()
        logs = {path: self._files.read_text(path) for path in details["logFiles"]}
        return {**details, "logFiles": logs}

    def read_definition(self) -> Any:
        """What was submitted; None for other runs."""
        if not self._state.info.get("has_definition"):
            return None
        found = self._state.read("definition")
        return found and found["definition"]

    def _describe_error(self) -> dict[str, Any] | None:
        message = self._state.info.get("error")
        if not message:
            return None
        error = {"code": "UserError", "message": message}
        if message.startswith(PROGRAM_FAILED):
            error["detailsUri"] = TROUBLESHOOTING_URL
        return {"error": error}

    def _list_logs(self) -> list[str]:
        if self._state.connection.is_buffering:
            return []
        return self._files.get_log_names()

    def _file_url(self, path: str) -> str:
        return self._state.page_url(f"files/raw/{quote(path)}")


def format_time(ms: int | None) -> str | None:
    """Milliseconds since 1970 as ISO 8601 in UTC."""
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
