"""Media over steps: the rules that the SDK and the server share."""
