"""Templates and conditions in plans: compiled once, rendered for each tenant inside a sandbox."""
