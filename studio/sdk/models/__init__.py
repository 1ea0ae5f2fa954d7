"""Registered models."""

from studio.sdk.models.model import Model, register_run_model

__all__ = ["Model", "register_run_model"]
