"""The command line; with no subcommand it opens the dashboard."""
