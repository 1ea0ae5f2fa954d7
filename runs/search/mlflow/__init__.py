"""The search of MLflow clients: its conditions and its order."""
