"""The web server: `python -m runs.management.web`, started by the supervisor.

uvicorn handles HTTP; Django runs as a WSGI application. An ASGI application between
them receives a request body before it takes a worker thread, and sends a response after
the thread is free again. So slow clients cost memory or disk space, but no threads.
"""
