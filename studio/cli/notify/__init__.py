"""`studio alert`: the alert rules of a workspace."""
