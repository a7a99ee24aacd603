"""The load panel: posts and technicians across time, and when the station works."""

from services.gateway.api import Area, delete, get, patch, post, put
from shared.contracts.load import (
    AddAbsence,
    AddHoliday,
    BookPost,
    CarryOver,
    GetLoad,
    GetLoadSettings,
    GetSchedule,
    GetWorkingHours,
    ListAbsences,
    ListBookings,
    ListHolidays,
    MoveBooking,
    RemoveAbsence,
    RemoveBooking,
    RemoveHoliday,
    SetLoadSettings,
    SetSchedule,
    SetWorkingHours,
)

AREA = Area(
    "load",
    "Who holds which post when, what is planned, and when the station works",
    (
        get("/load", GetLoad, "The panel: posts and technicians across time"),
        post("/load/carry-over", CarryOver, "Carry unfinished work over", status=200),
        get("/load/settings", GetLoadSettings, "Caption and colour of bars"),
        put("/load/settings", SetLoadSettings, "Set caption and colour of bars"),
        get("/orders/{order_id}/bookings", ListBookings, "An order's bookings"),
        post("/orders/{order_id}/bookings", BookPost, "Book a post for it"),
        patch("/bookings/{booking_id}", MoveBooking, "Move a booking"),
        delete("/bookings/{booking_id}", RemoveBooking, "Free the post"),
        get("/working-hours", GetWorkingHours, "The station's week"),
        put("/working-hours", SetWorkingHours, "Set the station's week"),
        get("/holidays", ListHolidays, "Days that are not as usual"),
        post("/holidays", AddHoliday, "Add a day that is not as usual"),
        delete("/holidays/{holiday_id}", RemoveHoliday, "Make the day as usual again"),
        get("/employees/{employee_id}/schedule", GetSchedule, "An employee's week"),
        put("/employees/{employee_id}/schedule", SetSchedule, "Set an employee's week"),
        get("/absences", ListAbsences, "Who is away, and which post is out of order"),
        post("/absences", AddAbsence, "Enter an absence"),
        delete("/absences/{absence_id}", RemoveAbsence, "Strike an absence"),
    ),
)
