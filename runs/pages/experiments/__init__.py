"""All experiments, and an experiment's description."""
