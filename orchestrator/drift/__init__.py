"""Whether tenants are still what they were moved to: their instances are asked once more, and nothing is changed."""
