"""What operators of a station do from a shell: each command a module of its own."""
