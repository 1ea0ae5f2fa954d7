"""Agents and queues: crashes, and how soon a queued run starts."""

from tests.bench.compute.commands import agents

__all__ = ["agents"]
