"""What verify finds, each in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum


class Fault(Enum):
    """A kind of finding, with its heading."""

    DATABASE = "The database is damaged"
    DERIVED = "Triggers or counts that don't match the rows"
    CHUNK = "Unreadable metric points"
    MISSING = "Missing files"
    DAMAGED = "Damaged files"
    MISPLACED = "Files in quarantine that are still in use"
    UNKNOWN = "Stored files without a row in the database"


@dataclass(frozen=True)
class Finding:
    """`blob` is the name of the stored file that it is about, if it is about one."""

    fault: Fault
    text: str
    blob: str = ""
    is_repaired: bool = False

    def as_repaired(self) -> Finding:
        return replace(self, is_repaired=True)


#: Lines of one kind; the rest is counted.
MAX_LINES = 20


def finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    for fault in Fault:
        found = [one for one in findings if one.fault is fault]
        if not found:
            continue
        repaired = sum(one.is_repaired for one in found)
        done = f", {repaired:,} of them repaired" if repaired else ""
        yield f"{fault.value}: {len(found):,}{done}"
        yield from (f"  {_finding_line(one)}" for one in found[:MAX_LINES])
        if len(found) > MAX_LINES:
            yield f"  and {len(found) - MAX_LINES:,} more"


def _finding_line(finding: Finding) -> str:
    return f"{finding.text} (repaired)" if finding.is_repaired else finding.text


def unrepaired_findings(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if not one.is_repaired]
