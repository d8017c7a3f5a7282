"""Expressions over answers, and the sandbox that they and templates run in."""
