"""Public links: what people without an account see."""
