"""Real engines that tests start, in a temporary folder."""
