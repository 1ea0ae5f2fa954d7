"""The MLflow tracking protocol: names, statuses, error codes and page tokens.

Everything here translates; what a request means is done by `runs.actions` and
`runs.search`. docs/mlflow.md says what is offered and where it differs from MLflow.
"""
