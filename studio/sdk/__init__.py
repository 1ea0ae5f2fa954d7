"""The Python SDK of Run Studio."""
