"""The one contract of every thread that runs beside the work: see ``loop``."""
