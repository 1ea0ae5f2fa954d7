"""People, workspaces, tokens, and signing in."""
