"""Why a server refuses an agent, and what to do."""

from __future__ import annotations

from studio.agent.agent_api import Registration
from studio.core.errors import (
    AgentVersionTooNew,
    AgentVersionTooOld,
    InvalidValue,
    PermissionDenied,
    SignInRequired,
    StudioError,
)

#: After these errors an agent without runs ends.
FINAL_ERRORS = (
    SignInRequired,
    PermissionDenied,
    AgentVersionTooNew,
    AgentVersionTooOld,
)


def check_target(found: Registration, target: str) -> None:
    """Raise InvalidValue if the token is for another target."""
    if found.target != target:
        raise InvalidValue(
            f"This token is for the compute target {found.target!r}, not for "
            f"{target!r}. Use --compute {found.target}."
        )


def explain_token(error: StudioError, target: str) -> StudioError:
    """The error of an agent that cannot register with its token."""
    reason = error.message
    if isinstance(error, SignInRequired):
        reason = "The server does not accept this token."
    return PermissionDenied(
        f"{reason} An owner creates one with `studio target agent-token {target}` or "
        "on the page Compute. Then start the agent with it in STUDIO_TOKEN."
    )


def explain_refusal(error: StudioError) -> str:
    """Why an agent that was registered is refused."""
    if not isinstance(error, SignInRequired):
        return error.message
    return (
        "The server does not accept this agent's token any more: an owner removed the "
        "agent or revoked its token, or it has expired."
    )
