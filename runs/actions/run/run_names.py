"""Generate display names for runs without one: `adjective_noun_8chars`."""

from __future__ import annotations

import secrets

_ADJECTIVES = (
    "amber bold brave brisk bright calm careful clever cool crisp curious eager "
    "early fair fast fine fond gentle glad golden good great green happy honest "
    "icy jolly keen kind late light lively loyal lucky mellow merry mighty neat "
    "nice nimble noble olive patient plain polite proud quick quiet rapid ready "
    "red rosy sharp shiny silent silver sincere smart snowy soft steady stoic "
    "strong sunny sweet swift tender tidy upbeat vast warm willing wise witty"
).split()

_NOUNS = (
    "acorn anchor apple arch bear beach bell berry bird boat branch bridge brook "
    "candle canoe cedar cloud clover comet coral crane cup daisy dolphin dove eagle "
    "elm feather fern field finch flower forest fox garden glacier grape harbor hawk "
    "hill island ivy kite lake lamp leaf lemon lily lion maple meadow melon moon "
    "mountain oak oasis ocean onion orchid otter owl parrot peach pear pearl pine "
    "planet plum pond quill rain reef river robin rose sail seal shell sky snail star "
    "stone stream sun swan tiger tree tulip turtle valley wave whale wind wolf"
).split()

_SUFFIX_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def generate_run_name() -> str:
    """Return a pronounceable name, made unique by eight random characters."""
    rest = "".join(secrets.choice(_SUFFIX_CHARACTERS) for _ in range(8))
    return f"{secrets.choice(_ADJECTIVES)}_{secrets.choice(_NOUNS)}_{rest}"
