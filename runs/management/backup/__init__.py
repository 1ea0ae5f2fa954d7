"""Backups of a home: created while it is served, checked, restored, verified.

A backup folder holds many backups. Bytes of files are stored once, under their SHA-256,
so each backup adds only what is new:

    objects/<two letters>/<sha256>
    <UTC stamp>/manifest.json, database.*, secret_key, identity, client.json
"""
