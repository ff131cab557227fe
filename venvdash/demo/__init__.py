"""A playground of real environments, made on the spot without any network."""
