"""What is removed when its time is over."""
