"""Notifications: a reader of the log for each webhook of the settings, its cursor in the ledger (see ``notifier``)."""
