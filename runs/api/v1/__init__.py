"""The REST API (docs/user/rest.md): names and rules as in pages, SDK and filters."""
