"""`studio agent`, `studio target` and `studio secret`: where submitted runs run."""
