"""The station's door: HTTP, sign-in, and one command or question behind every route."""
