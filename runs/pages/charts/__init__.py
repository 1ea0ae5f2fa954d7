"""The charts of a page: the row of cards, the dialog, and figures on request."""
