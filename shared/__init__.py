"""What every service needs the same way. Nothing here knows a service."""
