"""Makes the pages and parts of docs that the code knows: ``make docs`` writes them, a test tells when they differ."""
