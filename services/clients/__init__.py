"""Client cards and cars: who comes to the station, and in what."""
