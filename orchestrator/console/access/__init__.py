"""The door itself: roles, and who a request comes from."""
