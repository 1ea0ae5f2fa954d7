"""Why an engine lets a run wait, in plain words."""

from __future__ import annotations

import pytest

from runs.pages.compute.engine_reasons import EngineReason, explain_engine_reason
from studio.agent.executors.slurm import QueueRow, describe_row


def message(reason: str) -> str:
    """As the agent reports it."""
    row = QueueRow("48213", "PENDING", reason, "", "")
    return describe_row(row, can_requeue=False).message


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Resources", "Waits for free resources"),
        ("Priority", "Jobs with a higher priority are first"),
        ("QOSGrpGRES", "Limit of your group"),
        ("AssocMaxJobsLimit", "Limit for one user or job"),
    ],
)
def test_known_reasons_have_plain_words(reason: str, text: str) -> None:
    assert explain_engine_reason(message(reason)) == EngineReason(text, reason)


@pytest.mark.parametrize("said", ["Slurm job 1: CONFIGURING", "pending: 8 CPUs", ""])
def test_other_words_are_those_of_the_engine(said: str) -> None:
    assert explain_engine_reason(said) == EngineReason(said)


def test_an_unknown_reason_keeps_its_message() -> None:
    said = message("SomethingNew")
    assert explain_engine_reason(said) == EngineReason(said)
