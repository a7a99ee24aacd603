"""What the orders service keeps, and how it comes in and out of the database.

``orders``: orders with their lines; beside them what is kept of places, catalogue, calendars,
bookings and links, the copies of other services' things, and the queries of lists and reports.
"""

from services.orders.store.orders import OrdersStore

__all__ = ["OrdersStore"]
