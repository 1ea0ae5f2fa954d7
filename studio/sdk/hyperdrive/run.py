"""The parent run of a sweep, and what its child runs have reached."""

from __future__ import annotations

import json
from typing import Any

from studio.core.run_definition import SWEEP_TYPE
from studio.core.statuses import RunStatus
from studio.sdk.hyperdrive.errors import HyperDriveConfigException
from studio.sdk.run import Run, register_run_class


class HyperDriveRun(Run):
    """The parent run of a sweep, by its id. Raises NotFound.

    It executes nothing itself, and ends when all child runs have ended. `cancel` ends
    them, too.
    """

    @property
    def hyperdrive_config(self) -> dict[str, Any]:
        """The settings of the sweep, with the names of the server's request."""
        found = self._sweep()
        found.pop("children")
        return found

    def get_best_run_by_primary_metric(
        self, include_failed: bool = True, include_canceled: bool = True
    ) -> Run | None:
        """The child run with the best value; None if none logged the metric."""
        excluded = set()
        if not include_failed:
            excluded.add(RunStatus.FAILED.value)
        if not include_canceled:
            excluded.add(RunStatus.CANCELED.value)
        for child in self.get_children_sorted_by_primary_metric():
            if child["best_primary_metric"] is None:
                break
            if child["status"] not in excluded:
                return Run.get(self.experiment.workspace, child["run_id"])
        return None

    def get_children_sorted_by_primary_metric(
        self, top: int = 0, reverse: bool = False, discard_no_metric: bool = False
    ) -> list[dict[str, Any]]:
        """The child runs, the best first; `top` limits their number.

        Each is a dict of `run_id`, `hyperparameters` (JSON), `best_primary_metric` and
        `status`. Those without a value are at the end.
        """
        if top < 0:
            raise HyperDriveConfigException("top must be 0, for all, or more.")
        sweep = self._sweep()
        if not sweep["primary_metric"]:
            raise HyperDriveConfigException(
                "This sweep has no primary metric, by which its runs could be sorted."
            )
        children = [
            {
                "run_id": child["run"],
                "hyperparameters": _hyperparameters(child["values"]),
                "best_primary_metric": child["best"],
                "status": child["status"],
            }
            for child in sweep["children"]
        ]
        known = [one for one in children if one["best_primary_metric"] is not None]
        unknown = [one for one in children if one["best_primary_metric"] is None]
        is_highest_first = (sweep["goal"] == "maximize") is not reverse
        known.sort(key=_best_value, reverse=is_highest_first)
        found = known if discard_no_metric else known + unknown
        return found[:top] if top else found

    def get_hyperparameters(self) -> dict[str, str]:
        """The values of each child run, as JSON by the run's id."""
        return {
            child["run"]: _hyperparameters(child["values"])
            for child in self._sweep()["children"]
        }

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """The metrics of the child runs, by the run's id.

        `recursive` changes nothing: the parent itself logs nothing.
        """
        found = super().get_metrics(name, True, run_type, populate)
        found.pop(self.id, None)
        return found

    def _sweep(self) -> dict[str, Any]:
        return dict(self.experiment._connection.get(f"runs/{self.id}/sweep"))


def _best_value(child: dict[str, Any]) -> float:
    return float(child["best_primary_metric"])


def _hyperparameters(values: dict[str, str]) -> str:
    return json.dumps({name: _number_or_text(text) for name, text in values.items()})


def _number_or_text(text: str) -> int | float | str:
    """Values are texts on a command line; v1 has numbers."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        # Not 007 or nan, which are other texts as numbers.
        is_plain = text == str(number) or kind is float
        if is_plain and text.lstrip("+-")[:1].isdigit():
            return number
    return text


register_run_class(HyperDriveRun, SWEEP_TYPE)
