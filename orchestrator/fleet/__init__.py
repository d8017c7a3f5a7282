"""How many tenants move together: pure rules, made into fields of records that the ledger's scripts go by."""
