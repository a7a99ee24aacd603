"""Who there is, and what of things they see and may set. What they may send: ``permissions``."""

from __future__ import annotations

ADMINISTRATOR = "administrator"
ADVISOR = "advisor"
TECHNICIAN = "technician"
STOREKEEPER = "storekeeper"
CASHIER = "cashier"
OWNER = "owner"
ROLES = (ADMINISTRATOR, ADVISOR, TECHNICIAN, STOREKEEPER, CASHIER, OWNER)

SERVICE = "service"
"""A service that asks another one."""
OPERATOR = "operator"
"""Who runs the station's machines: the ``pitlane`` command."""
CLIENT = "client"
"""Whoever has the link of an estimate. Signs in nowhere; the link's token goes in the message, and
the service that is asked verifies it."""

EVERYONE = frozenset({*ROLES, SERVICE, OPERATOR})
OFFICE = frozenset({ADMINISTRATOR, OWNER})
RECEPTION = OFFICE | {ADVISOR}
BAY = RECEPTION | {TECHNICIAN}
STORE = OFFICE | {STOREKEEPER}
TILL = OFFICE | {CASHIER}
BOOKS = OFFICE | {CASHIER, OPERATOR}
OPERATORS = OFFICE | {OPERATOR}

MAY_SEE_COST = STORE
"""Purchase cost and margin: in answers, exports and print."""

MAY_SEE_PAY = OFFICE
"""What others earn and by which percent; each sees one's own. What an order costs in pay, in sum,
goes with its cost."""

MAY_SET_COSTING = OFFICE
"""Who may say how a warehouse values its stock, and whether it may be negative."""

MAY_DATE = OFFICE | {SERVICE}
"""Who may say in which period an order counts."""

MAY_WAIVE = OFFICE
"""Who may do with less than was required of a client, or let a car go although its client then
owes more than the contract allows."""

MAY_PRICE = RECEPTION
"""Who may say what a work or a part costs a client; others ask for it at the catalogue's price."""

MAY_CALL_OFF = RECEPTION
"""Who may call an order off, open one again that is done, or make one of an estimate: what a client
was promised or owes. Begun and finished it is by the bay, too."""

MAY_GIVE_CAR = RECEPTION
"""Who may say that a car has another owner; what it is and how far it went, the bay may."""


def sees_all_costs(role: str | None) -> bool:
    """As ``may_see_cost``, or a service that asks: it masks what it shows on."""
    return role == SERVICE or may_see_cost(role)


def may_see_cost(role: str | None) -> bool:
    return role is not None and role in MAY_SEE_COST


def may_see_pay(role: str | None) -> bool:
    return role is not None and role in MAY_SEE_PAY
