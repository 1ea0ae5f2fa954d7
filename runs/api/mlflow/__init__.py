"""The MLflow tracking protocol: names, statuses, error codes and page tokens.

This package only translates; `runs.actions` and `runs.search` do the work.
docs/user/mlflow.md lists what is supported and where it differs from MLflow.
"""
