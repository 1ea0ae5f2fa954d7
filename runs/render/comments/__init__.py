"""Mentions of members in comments."""

from runs.render.comments.mentions import find_mentions, link_mentions

__all__ = ["find_mentions", "link_mentions"]
