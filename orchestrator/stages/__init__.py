"""Runnable stages: a stage as written plus one tenant's config, forward and back."""
