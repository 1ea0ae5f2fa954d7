"""Numbers, times, addresses and browsers as people read them."""
