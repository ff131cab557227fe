"""What actions write down before they begin, so that the next start can end what a crash left."""
