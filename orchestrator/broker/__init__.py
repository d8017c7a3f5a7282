"""The one door to Celery in the control plane."""
