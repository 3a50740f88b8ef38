"""Accounts: operators, log-in, API keys, tokens of shoppers, the audit log."""
