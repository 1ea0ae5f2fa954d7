"""What every tab of the run page has: head, allowed actions, editors, empty states."""
