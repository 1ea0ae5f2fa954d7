"""Console capture: what a script prints becomes the log of its MLflow runs.

MLflow loads `plugin` by the entry point of the wheel. See docs/user/mlflow.md.
"""
