"""The door that leads to a console: what ``Client`` asks becomes a request to its HTTP API (docs/http-api.md)."""
