"""The names of the package `azureml`."""
