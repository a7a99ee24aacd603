"""What clients owe: statements, debtors by age, deposits, and the recount of it all."""

from services.gateway.api import Area, get, report
from shared.contracts.statements import CheckClients, ClientStatement, Creditors, Debtors

AREA = Area(
    "statements",
    "What clients owe and why: statements, debtors by age, deposits held",
    (
        report("/clients/{client_id}/statement", ClientStatement, "A client's statement"),
        report("/reports/debtors", Debtors, "What clients owe, by age"),
        report("/reports/creditors", Creditors, "Whose money is held as deposits"),
        get("/finance/client-differences", CheckClients, "What is not the sum of its postings"),
    ),
)
