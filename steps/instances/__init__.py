"""What the steps that ask instances share: endpoints, sources, verdicts."""
