"""The clients service: cards, cars, and finding them."""
