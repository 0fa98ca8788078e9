"""The ledger of hours: append-only entries, requirements, and the statement that explains them."""
