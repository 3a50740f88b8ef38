"""From facts to a quote, and later to holds and the ledger. It gets its rules through a port."""
