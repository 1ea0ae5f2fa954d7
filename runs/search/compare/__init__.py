"""Runs side by side: values, files, images, conclusions, and what tells runs apart."""
