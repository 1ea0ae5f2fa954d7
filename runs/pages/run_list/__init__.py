"""The run list: All runs and the runs of one experiment."""
