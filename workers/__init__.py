"""The data plane: the Celery application, its one task, and the runner of a stage."""
