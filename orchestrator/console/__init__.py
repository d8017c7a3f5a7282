"""The console: one door for people and programs, over HTTP.

It stands on ``Client``, as the command line does, and keeps no state of its own, so any number may run.

    app.py        one FastAPI application out of all that follows
    addressed.py  ids in addresses: `{planId:plan}`, `{taskId:id}` in a route
    access/       who asks, what they may do, what is refused at the door
    problems.py   every error as RFC 9457 problem+json
    api/          the HTTP API under /api/v1
    page/         the page for people: HTML, its templates and its static files
    process.py    the server under it: sockets, TLS, stop
"""

# Registers `id`, which routes of all rooms below name when they are read.
from orchestrator.console import addressed as addressed
