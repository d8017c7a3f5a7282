"""``changeover up --demo``: tenants whose instances are played by one process, and plans to move them with."""
