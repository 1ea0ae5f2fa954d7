"""What is recorded of the git repository of a script."""

from studio.core.git.addresses import shown_value, shown_values, without_credentials

__all__ = ["shown_value", "shown_values", "without_credentials"]
