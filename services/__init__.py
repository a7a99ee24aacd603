"""The services. Each owns its tables; none imports another."""
