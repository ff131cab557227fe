"""What links environments to projects, and the verdicts that follow from it."""
