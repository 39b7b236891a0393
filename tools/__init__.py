"""Development tools: set-up, lint checks, summaries. Those that run before set-up use only the standard library."""
