"""Products, warehouses, and every movement of a part."""
