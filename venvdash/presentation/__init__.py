"""What the command line and the dashboard both show, as text: each thing written once."""
