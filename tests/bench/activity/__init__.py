"""The page Activity, with many change sets."""
