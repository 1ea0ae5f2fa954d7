"""Which custom view a list started from, and what was changed since."""
