"""A folder for `PYTHONPATH` that contains only `sitecustomize`."""
