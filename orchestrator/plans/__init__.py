"""A plan on its way in: read from a file, made into the inner plan, written to the ledger."""
