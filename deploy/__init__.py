"""How a station is put up: topology, the local runner and the command line."""
