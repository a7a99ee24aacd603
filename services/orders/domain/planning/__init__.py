"""When the station works, and what is booked in that time. Pure, as the rest of the rules.

``spans``: stretches of time and what can be done with them. ``hours``: from wall clocks and
holidays to instants. ``times``: the same with everybody's own weeks and absences. ``bookings``:
what may be booked, and what becomes of it. ``panel``: rows and their load. ``bars``: captions and
colours.
"""
