"""The pages of the model registry, with many models and versions."""
