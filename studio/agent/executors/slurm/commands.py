"""Slurm's commands, such as `sbatch`, `squeue` and `scancel`, with what they print."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.agent.executors.executor import (
    EngineSurvey,
    EngineUnavailable,
    SubmissionPostponed,
    SubmissionRefused,
)

#: `sbatch` itself waits about nine seconds for a controller that is down.
COMMAND_SECONDS = 30.0
#: How long accounting, which can lag behind, is asked for who canceled a job; and the
#: limit of each such `sacct`.
ACCOUNTING_SECONDS, SACCT_SECONDS = 3.0, 3.0
_CANCELED_BY = re.compile(r"CANCELLED by (\d+)")
#: What the commands print if the controller can't be reached, in any of their wordings.
_UNREACHABLE = (
    "Unable to contact slurm controller",
    "Socket timed out",
    "Connection refused",
    "Connection timed out",
    "Zero Bytes were transmitted",
    "Slurm temporarily unable to accept job",
    "error: slurm_receive_msg",
)
#: Limits on how many jobs a user, an account or a QOS can have, such as
#: `AssocMaxSubmitJobLimit` and `QOSMaxSubmitJobPerUserLimit`: another job's end makes
#: room. Slurm adds the same sentence to them as to those that a job can never meet.
_FULL = re.compile(r"\b(Assoc|QOS)\w*Submit\w*Limit\b")
_PREFIX = re.compile(r"^(\w+: )?(error|fatal): ")
#: More than any message of theirs.
MAX_WORDS = 1000
#: No reason or name contains `|`; the comment, which is ours, comes last.
_FORMAT = "%i|%T|%r|%N|%k"


@dataclass(frozen=True)
class QueueRow:
    """A job as `squeue` prints it. `reason` is empty where Slurm says None."""

    job: str
    state: str
    reason: str
    nodes: str
    comment: str


def submit(script: str, folder: str, environment: Mapping[str, str]) -> str:
    """Submit the script; the job's number.

    Raises EngineUnavailable, SubmissionPostponed, SubmissionRefused.
    """
    done = _run(["sbatch", "--parsable", script], environment, folder=folder)
    # With a federation the name of the cluster follows.
    number = done.stdout.strip().partition(";")[0]
    if done.returncode or not number.isdecimal():
        words = _own_words(done.stderr) or f"sbatch printed {done.stdout.strip()!r}"
        if _FULL.search(done.stderr):
            raise SubmissionPostponed(words)
        if _is_unreachable(done.stderr):
            raise EngineUnavailable(words)
        raise SubmissionRefused(words)
    return number


def task_comment(comment: str, task: int | str) -> str:
    """The comment by which a task of an array is known."""
    return f"{comment}/{task}"


def list_queue(environment: Mapping[str, str]) -> list[QueueRow]:
    """All jobs of this user that Slurm knows, also ended ones.

    `squeue --json` would take twenty times as long. Raises EngineUnavailable.
    """
    done = _run(["squeue", "-h", "-r", "-t", "all", "--me", "-o", _FORMAT], environment)
    if done.returncode:
        raise EngineUnavailable(_own_words(done.stderr) or "squeue failed")
    return [row for row in map(_read_row, done.stdout.splitlines()) if row]


def survey(environment: Mapping[str, str], partition: str) -> EngineSurvey:
    """The CPUs of the partition, or of all. Raises EngineUnavailable."""
    words = ["sinfo", "-h", "-o", "%C"]
    done = _run([*words, "-p", partition] if partition else words, environment)
    if done.returncode:
        raise EngineUnavailable(_own_words(done.stderr) or "sinfo failed")
    counts = [line.split("/") for line in done.stdout.split()]
    if not counts:
        return EngineSurvey(problem=f"Slurm has no partition {partition}.")
    # Allocated, idle, other such as down or drained, and all.
    busy, _idle, lost, total = (sum(map(int, column)) for column in zip(*counts))
    version = _run(["sinfo", "--version"], environment).stdout.strip()
    return EngineSurvey(version, "CPU", total, busy, lost)


def cancel(job: str, environment: Mapping[str, str], *options: str) -> None:
    """Send a signal to a job, or end it. Raises EngineUnavailable.

    A job that has ended is no error.
    """
    done = _run(["scancel", *options, job], environment)
    if done.returncode and _is_unreachable(done.stderr):
        raise EngineUnavailable(_own_words(done.stderr))


def find_canceler(job: str, environment: Mapping[str, str]) -> str:
    """The user who canceled a job, by its accounting; empty if that does not say it.

    Only `sacct` knows. Raises EngineUnavailable on clusters without accounting.
    """
    until = time.monotonic() + ACCOUNTING_SECONDS
    words = ["sacct", "-X", "-n", "-P", "-o", "State", "-j", job]
    while True:
        done = _run(words, environment, seconds=SACCT_SECONDS)
        if done.returncode:
            raise EngineUnavailable(_own_words(done.stderr) or "sacct failed")
        found = _CANCELED_BY.search(done.stdout)
        if found is not None:
            return _user_name(int(found[1]))
        if time.monotonic() > until:
            return ""
        time.sleep(0.5)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        # A machine can lack users that the cluster has.
        return f"user {uid}"


def _read_row(line: str) -> QueueRow | None:
    parts = line.strip().split("|", 4)
    if len(parts) != 5:
        return None
    job, state, reason, nodes, comment = parts
    _array, underscore, task = job.partition("_")
    if underscore and comment:
        # The tasks of an array share its comment.
        comment = task_comment(comment, task)
    return QueueRow(job, state, "" if reason == "None" else reason, nodes, comment)


def _run(
    words: Sequence[str],
    environment: Mapping[str, str],
    folder: str | None = None,
    *,
    seconds: float = COMMAND_SECONDS,
) -> subprocess.CompletedProcess[str]:
    # The texts are compared, so they must be English.
    variables = {**environment, "LC_ALL": "C"}
    if "SLURM_CONF" in os.environ:
        variables["SLURM_CONF"] = os.environ["SLURM_CONF"]
    try:
        return subprocess.run(
            words,
            capture_output=True,
            text=True,
            errors="replace",
            env=variables,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineUnavailable(
            f"{words[0]} did not end within {seconds:g} seconds"
        ) from error
    except FileNotFoundError as error:
        raise EngineUnavailable(
            f"{words[0]} is not installed on this machine. Start the agent on a "
            "machine that can submit jobs to Slurm."
        ) from error


def _is_unreachable(text: str) -> bool:
    return any(words in text for words in _UNREACHABLE)


def _own_words(text: str) -> str:
    """What a command printed, without the prefixes of its lines."""
    lines = (_PREFIX.sub("", line.strip()) for line in text.splitlines())
    return ". ".join(dict.fromkeys(line for line in lines if line))[:MAX_WORDS]
