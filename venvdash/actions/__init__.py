"""What changes things: nothing outside this package deletes, moves or runs anything."""
