"""What programs call: the REST API and the MLflow tracking protocol."""
