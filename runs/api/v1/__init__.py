"""The REST API (docs/rest.md): the same names and rules as pages, SDK and filters."""
