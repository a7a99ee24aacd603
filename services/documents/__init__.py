"""Print forms, message templates, and what is sent: everything that leaves the station as text."""
