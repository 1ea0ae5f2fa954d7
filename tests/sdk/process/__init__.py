"""The process of a script: its end, its signals, the run it belongs to."""
