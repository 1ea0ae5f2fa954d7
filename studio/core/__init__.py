"""Rules without Django, shared by server and client."""
