"""The journal: one record per event, in a chain of hashes that shows any tampering."""
