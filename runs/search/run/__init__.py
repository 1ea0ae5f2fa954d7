"""One run: details, history, tags, origin."""
