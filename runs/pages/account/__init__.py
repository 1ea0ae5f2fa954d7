"""Signing in, the account, invitations and members."""
