"""What both faces use: scans, keeps the table, records proofs, resolves names."""
