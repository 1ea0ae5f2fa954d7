"""Where datasets came from, and the line of a traceback that matters."""
