"""Sweeps with the names of v1, from the script that submits them."""
