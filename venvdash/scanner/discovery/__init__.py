"""Which environments there are: in the folders of stores, elsewhere, and what each one is."""
