"""Comments on runs and on views."""

from runs.models.comments.comments import Comment, CommentMention

__all__ = ["Comment", "CommentMention"]
