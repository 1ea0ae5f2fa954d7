"""Engines that tests start: real ones, in a temporary folder, on ports of the system."""
