"""The main screen: the list of environments, and what people do with it."""
