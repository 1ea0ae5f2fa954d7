"""Why an engine lets a run wait, in plain words with the engine's own next to them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

#: Slurm's reasons of a waiting job (`squeue`, "JOB REASON CODES").
SLURM_REASONS = {
    "Resources": gettext_lazy("Waits for free resources"),
    "Priority": gettext_lazy("Jobs with a higher priority are first"),
    "Dependency": gettext_lazy("Waits for another job"),
    "BeginTime": gettext_lazy("Waits for its start time"),
    "JobHeldUser": gettext_lazy("Held back in Slurm"),
    "JobHeldAdmin": gettext_lazy("Held back in Slurm"),
    "JobArrayTaskLimit": gettext_lazy("Waits for other runs of the sweep"),
    "Licenses": gettext_lazy("Waits for a license"),
    "PartitionDown": gettext_lazy("The partition takes no jobs"),
    "PartitionInactive": gettext_lazy("The partition takes no jobs"),
    "PartitionTimeLimit": gettext_lazy("Its time limit is over that of the partition"),
    "ReqNodeNotAvail": gettext_lazy("Its nodes are not available"),
    "Reservation": gettext_lazy("Waits for its reservation"),
}
#: Reasons of limits, by how they begin.
SLURM_LIMITS = (
    (("QOSGrp", "AssocGrp"), gettext_lazy("Limit of your group")),
    (("QOSMax", "AssocMax", "MaxJobs"), gettext_lazy("Limit for one user or job")),
)
_PENDING = re.compile(r"Slurm job \S+: PENDING \((\w+)")


@dataclass(frozen=True)
class EngineReason:
    """`code` is the engine's word that `text` explains; empty if it is the text."""

    text: str
    code: str = ""


def explain_engine_reason(message: str) -> EngineReason:
    """Return known reasons in plain words; others are the engine's own words."""
    found = _PENDING.match(message)
    code = found[1] if found else ""
    if code in SLURM_REASONS:
        return EngineReason(str(SLURM_REASONS[code]), code)
    for beginnings, text in SLURM_LIMITS:
        if code.startswith(beginnings):
            return EngineReason(str(text), code)
    return EngineReason(message)
