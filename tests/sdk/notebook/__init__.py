"""What a notebook shows of the objects of the SDK."""
