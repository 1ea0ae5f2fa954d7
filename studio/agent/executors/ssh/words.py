"""What `ssh` prints when it fails, and whether trying again can help."""

from __future__ import annotations

from studio.agent.executors.executor import EngineUnavailable, SubmissionRefused

#: Until an owner or the agent's user changes something, these stay as they are.
_FINAL = (
    "Host key verification failed",
    "Permission denied",
    "Too many authentication failures",
    "Bad configuration option",
    "no such identity",
    "Bad owner or permissions",
)
_CHANGED_KEY = "REMOTE HOST IDENTIFICATION HAS CHANGED!"
MAX_CHARS = 500


def explain_failure(host: str, code: int | None, text: str) -> OSError:
    """The error for a connection that did not begin: EngineUnavailable if it can later.

    `code` is the exit code of `ssh`, 255 if it failed itself; None if it hangs.
    """
    lines = [line.strip("@ \r\t") for line in text.splitlines()]
    lines = [line for line in lines if line]
    words = lines[-1] if lines else f"ssh ended with exit code {code}."
    if _CHANGED_KEY in text:
        words = f"{_CHANGED_KEY} {words}"
    message = f"{host}: {words}"[:MAX_CHARS]
    if code is None:
        return EngineUnavailable(f"{host} does not respond.")
    # Other codes are those of the machine's shell, such as for a missing Python.
    if code != 255 or any(one in text for one in _FINAL):
        return SubmissionRefused(message)
    return EngineUnavailable(message)
