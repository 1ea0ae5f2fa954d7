"""The words that this product avoids, each with what is written instead."""

from __future__ import annotations

import re

#: In texts, documentation, docstrings and comments: regular expression -> better.
BANNED_WORDS = {
    r"colou?red after|colour\w*|discolour\w*": "color",
    r"grey\w*": "gray",
    r"behaviour\w*": "behavior",
    r"cancelled|cancelling": "canceled, canceling",
    r"labelled|labelling|travelled|modelled": "one l, as in American English",
    r"favour\w*|honour\w*|neighbour\w*": "American spelling: -or",
    r"licence\w*": "license",
    r"catalogue\w*": "catalog",
    r"centre\w*|metre\w*": "American spelling: -er",
    r"\w*(?:organ|recogn|normal|summar|initial|final)is(?:e|ed|es|ing)": "-ize",
    r"anew": "again",
    r"again and again": "repeatedly",
    r"besides?": "next to, also",
    r"so many|at most so long": "a number, the limit",
    r"nobody|somebody|whoever|everybody": "members, owners, everyone, people",
    r"meanwhile": "since then, at the same time",
    r"heart-beats?": "heartbeat",
    r"outsiders?": "people without an account",
    r"alike": "the same",
    r"for ever": "forever; until …",
    r"the truth|truly": "the real state",
    r"mend|mends|mended|mending": "fix",
    r"take over|takes over|took over|taken over": "apply, continue",
    r"take back|taken back|takes back": "revoke, undo",
    r"unasked": "without being requested",
    r"is called|are called|be called|was called|called so": "is named",
    r"in place of": "instead of",
    r"once more": "again",
    r"whence|whither|thereof|therein|hence|thus|lest|whilst|amongst|upon": "plain word",
    r"the very": "the same",
    r"of which": "two sentences",
    r"courier|tether\w*|sieve\w*|tally|tallies|twins?|asides": "the field's own noun",
    r"as it stands|as they stand|stands for itself": "unchanged",
    r"lets? go|let go": "release, stop",
    r"befalls?|hereby|herewith|ere|nay|nought|naught": "plain word",
}

#: In names of modules, functions, classes, arguments and constants: whole words of a
#: name, split at underscores and capitals.
BANNED_NAMES = {
    "sieve", "sift",  "aside", "asides", "tether", "courier", "twin",
    "twins", "taste", "oftenest", "often", "seldom", "anew", "beside",
    "told", "telling", "whence", "odd", "harmless", "together", "differing",
    "separation", "silence", "hear", "growth", "inventing", "admission",
    "admit", "complaint", "leniently", "grey", "colour", "colours",
    "behaviour", "cancelled", "soon", "away", "bell", "holding", "puzzle", "riddle",
    "mend", "mended", "catalogue", "neighbour", "neighbours", "around", "whoever",
    "somebody", "nobody", "meanwhile",
}  # fmt: skip

#: Terms of others that contain a banned word, removed before a text is checked.
ALLOWED_TEXTS = (
    r"`[^`]*`",
    r"https?://\S+",
)


def pattern() -> re.Pattern[str]:
    """Return one pattern that finds every banned word."""
    return re.compile(r"\b(?:" + "|".join(BANNED_WORDS) + r")\b", re.IGNORECASE)


def better_than(word: str) -> str:
    """Return what is written instead of a banned word."""
    for banned, better in BANNED_WORDS.items():
        if re.fullmatch(banned, word, re.IGNORECASE):
            return better
    return ""
