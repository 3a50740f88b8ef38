"""Orders: what was quoted, what it holds, what became of it, and the ledger of it all."""
