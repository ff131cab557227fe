"""How many bytes environments take, and how many a deletion frees."""
