"""Real servers for tests, and what several test folders build on."""
