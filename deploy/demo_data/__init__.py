"""A believable station, made up: words in the TOML files, a plan that draws from them, and the
requests by which it comes true. The same seed and scale always make the same plan."""
