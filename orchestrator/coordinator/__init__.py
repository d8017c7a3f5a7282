"""The process that admits tasks, publishes their chains, and answers what is overdue."""
