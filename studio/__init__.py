"""Run Studio: the part that a training machine needs, without Django."""

__version__ = "0.2.0"
