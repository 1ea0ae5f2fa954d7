"""All experiments of a workspace."""
