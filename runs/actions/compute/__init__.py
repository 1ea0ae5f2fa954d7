"""Compute targets, agents, the queue, and what runs on them get: tokens, secrets."""

from __future__ import annotations

from runs.actions.compute.run_tokens import check_can_control, create_token_for_script

__all__ = ["check_can_control", "create_token_for_script"]
