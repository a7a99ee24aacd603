"""Work orders: what is done to a car, with which parts, by whom, and what the client owes."""
