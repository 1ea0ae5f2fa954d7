"""The web server: `python -m runs.management.web`, started by the supervisor.

uvicorn speaks HTTP; the pages and the API stay WSGI. Between them stands an ASGI front:
it receives a body before a worker thread is taken, and sends an answer after the thread
is free again. So slow clients cost memory or disk, and no thread.
"""
