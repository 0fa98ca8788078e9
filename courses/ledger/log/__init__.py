"""The ledger's append-only log: a Merkle tree over the entries whose checkpoints are signed."""
