"""What every message promises: its shape, its subject, who sends it and who reads it."""
