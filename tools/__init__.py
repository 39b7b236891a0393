"""What is needed around the code: set-up, lint checks, summaries. Standard library only where it runs before set-up."""
