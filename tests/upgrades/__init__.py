"""Databases of released versions, and the proof that today's code upgrades them.

`python -m tests.upgrades.record` stores one of the present version. Each release adds
its own folder and never changes an older one.
"""
