"""Files as they are previewed, shown in a tree and packed."""
