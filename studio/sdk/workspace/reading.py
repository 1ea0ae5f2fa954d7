"""What a workspace offers about its members, groups of runs, and conclusions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Union

from studio.sdk.changes import HasId
from studio.sdk.connection import WorkspaceConnection

Runs = Iterable[Union[str, HasId]]


class WorkspaceReading:
    """Methods of a workspace. None of them is in the v1 SDK."""

    _connection: WorkspaceConnection

    def members(self) -> list[dict[str, Any]]:
        """The members with `name`, `display_name` and `role`, owners first.

        Not in the v1 SDK.
        """
        found: list[dict[str, Any]] = self._connection.get("members")["members"]
        return found

    def groups(
        self,
        by: str | Sequence[str],
        filter: str = "",
        *,
        columns: str | Sequence[str] = "",
        children: bool = False,
        archived: bool = False,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Runs in groups by the values of fields, the largest group first.

            for group in workspace.groups("params.lr", columns="metrics.acc"):
                print(group["values"], group["runs"], group["means"])

        At most 2,000 groups. Not in the v1 SDK.
        """
        found: list[dict[str, Any]] = self._connection.get(
            "groups",
            group=_joined(by),
            q=filter,
            columns=_joined(columns),
            children=int(children),
            archived=int(archived),
            rows=limit,
        )["groups"]
        return found

    def get_conclusion(self, runs: Runs) -> str:
        """The conclusion from a comparison of exactly these runs; empty if none.

        Not in the v1 SDK.
        """
        wanted = ",".join(_ids(runs))
        return str(self._connection.get("conclusion", runs=wanted)["text"])

    def set_conclusion(self, runs: Runs, text: str) -> None:
        """Write the conclusion in Markdown; an empty text removes it.

        Not in the v1 SDK.
        """
        body = {"runs": _ids(runs), "text": text}
        self._connection.change("PUT", "conclusion", body)


def _joined(names: str | Sequence[str]) -> str:
    return names if isinstance(names, str) else ",".join(names)


def _ids(runs: Runs) -> list[str]:
    return [run if isinstance(run, str) else run.id for run in runs]
