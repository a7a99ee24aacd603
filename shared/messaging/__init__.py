"""Commands, questions and events on NATS: delivered at least once, in effect exactly once."""
