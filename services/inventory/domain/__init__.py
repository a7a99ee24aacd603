"""What is true of stock, its cost and the catalogue. Pure: values in, what changed out."""
