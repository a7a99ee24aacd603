"""What a template and a message are, and what may happen to them. Pure."""
