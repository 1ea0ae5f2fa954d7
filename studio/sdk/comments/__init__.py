"""Comments of members on runs."""

from studio.sdk.comments.comments import Comment, comment_of, read_comments

__all__ = ["Comment", "comment_of", "read_comments"]
