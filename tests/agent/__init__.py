"""Agents: executors, the agent's loop, and whole agents against a live server."""
