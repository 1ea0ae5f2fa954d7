"""Run Studio: the part that a training machine needs. Importing it imports no Django."""

__version__ = "0.1.0"
