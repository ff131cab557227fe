"""Use: let one project use an environment from now on, beside those that use it already."""
