"""The run list in a real browser, part by part, over one server with known runs."""
