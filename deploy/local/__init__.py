"""A whole station on one machine: real servers and every service, supervised."""
