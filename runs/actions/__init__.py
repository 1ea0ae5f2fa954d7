"""Everything that writes: each action is one transaction with one change set."""
