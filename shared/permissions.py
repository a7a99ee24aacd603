"""Who may send what: the one table, held at the gateway and again in every service."""

from __future__ import annotations

from shared.contracts import (
    approvals,
    audit,
    bay,
    board,
    bonus_rules,
    bonuses,
    client_contracts,
    client_data,
    client_history,
    client_imports,
    client_links,
    client_merge,
    clients,
    costing,
    expenses,
    finance,
    finance_reports,
    fiscal,
    forms,
    formulas,
    inventory,
    jobs,
    link_secret,
    load,
    messages,
    operations,
    order_reports,
    orders,
    part_numbers,
    pay_rules,
    payment_documents,
    payroll,
    photos,
    price_lists,
    purchase_orders,
    purchasing,
    reconciliation,
    segments,
    shelves,
    statements,
    stock_counts,
    stock_documents,
    stock_reports,
    tags,
    taxes,
    till,
    till_summary,
    users,
    vehicle_history,
    visits,
    work_order,
    works,
)
from shared.contracts.base import Command, Message

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

_EVERYONE = frozenset({*ROLES, SERVICE, OPERATOR})
_OFFICE = frozenset({ADMINISTRATOR, OWNER})
_RECEPTION = _OFFICE | {ADVISOR}
_BAY = _RECEPTION | {TECHNICIAN}
_STORE = _OFFICE | {STOREKEEPER}
_TILL = _OFFICE | {CASHIER}
_BOOKS = _OFFICE | {CASHIER, OPERATOR}
_OPERATORS = _OFFICE | {OPERATOR}

MAY_SEE_COST = _STORE
"""Purchase cost and margin: in answers, exports and print."""

MAY_SEE_PAY = _OFFICE
"""What others earn and by which percent; each sees one's own. What an order costs in pay, in sum,
goes with its cost."""

MAY_SET_COSTING = _OFFICE
"""Who may say how a warehouse values its stock, and whether it may be negative."""

MAY_DATE = _OFFICE | {SERVICE}
"""Who may say in which period an order counts."""

MAY_WAIVE = _OFFICE
"""Who may do with less than was required of a client, or let a car go although its client then
owes more than the contract allows."""

MAY_GIVE_CAR = _RECEPTION
"""Who may say that a car has another owner; what it is and how far it went, the bay may."""

_TAKEN_AWAY_BY: dict[type[Message], frozenset[str]] = {
    clients.FindClients: _RECEPTION,
    orders.FindOrders: _RECEPTION | {CASHIER},
}
"""Lists of people that all look through for somebody, and few carry away."""

_ALLOWED: dict[type[Message], frozenset[str]] = {
    # clients
    clients.CreateClient: _RECEPTION,
    clients.ChangeClient: _RECEPTION,
    clients.AddVehicle: _RECEPTION,
    clients.ChangeVehicle: _BAY,
    clients.GetClient: _EVERYONE,
    clients.FindClients: _EVERYONE,
    clients.GetVehicle: _EVERYONE,
    clients.ListVehicles: _EVERYONE,
    clients.CheckVehicle: _BAY,
    vehicle_history.GetVehicleHistory: _RECEPTION,
    clients.GetCards: frozenset({SERVICE}),
    client_imports.BeginClientImport: _OFFICE,
    client_imports.AddClientImportRows: _OFFICE,
    client_imports.EndClientImportUpload: _OFFICE,
    client_imports.ChangeClientImport: _OFFICE,
    client_imports.DecideClientRow: _OFFICE,
    client_imports.ApplyClientImport: _OFFICE,
    client_imports.CancelClientImport: _OFFICE,
    client_imports.GetClientImport: _OFFICE,
    client_imports.ListClientImports: _OFFICE,
    client_imports.ListClientImportRows: _OFFICE,
    client_imports.ListClientImportProblems: _OFFICE,
    client_data.EraseClient: _OFFICE,
    client_data.GetPersonalData: _OFFICE,
    client_data.GetOpenOrders: _OFFICE | {SERVICE},
    client_contracts.CreateContract: _OFFICE,
    client_contracts.ChangeContract: _OFFICE,
    client_contracts.ListContracts: _RECEPTION | {CASHIER, SERVICE},
    client_merge.MergeClients: _RECEPTION,
    client_merge.FindDuplicates: _RECEPTION,
    client_merge.DismissDuplicate: _RECEPTION,
    client_history.GetClientHistory: _RECEPTION,
    client_links.LinkClient: _RECEPTION,
    client_links.UnlinkClient: _RECEPTION,
    client_links.ListLinks: _RECEPTION | {CASHIER},
    client_links.SuggestParties: _RECEPTION | {SERVICE},
    tags.CreateTag: _OFFICE,
    tags.ChangeTag: _OFFICE,
    tags.RemoveTag: _OFFICE,
    tags.ListTags: _EVERYONE,
    tags.TagClient: _RECEPTION,
    tags.UntagClient: _RECEPTION,
    tags.TagVehicle: _BAY,
    tags.UntagVehicle: _BAY,
    tags.GetClientTags: _EVERYONE,
    tags.GetVehicleTags: _EVERYONE,
    segments.CreateSegment: _RECEPTION,
    segments.ChangeSegment: _RECEPTION,
    segments.RemoveSegment: _RECEPTION,
    segments.ListSegments: _RECEPTION,
    segments.GetSegment: _RECEPTION,
    segments.SegmentClients: _RECEPTION,
    visits.GetClientVisits: _RECEPTION | {CASHIER},
    visits.KeepVisits: frozenset({OPERATOR}),
    visits.GetKeptVisits: _OPERATORS,
    visits.CheckVisits: _OPERATORS,
    # places, people, works
    orders.ListStations: _EVERYONE,
    orders.ChangeStation: _OFFICE,
    orders.CreateOrderType: _OFFICE,
    orders.ChangeOrderType: _OFFICE,
    orders.ListOrderTypes: _EVERYONE,
    orders.CreateSection: _OFFICE,
    orders.ChangeSection: _OFFICE,
    orders.ListSections: _EVERYONE,
    orders.CreatePost: _OFFICE,
    orders.ChangePost: _OFFICE,
    orders.ListPosts: _EVERYONE,
    orders.CreateEmployee: _OFFICE,
    orders.ChangeEmployee: _OFFICE,
    orders.ListEmployees: _EVERYONE,
    orders.CreateService: _OFFICE,
    orders.ChangeService: _OFFICE,
    orders.ListServices: _EVERYONE,
    works.GetServices: frozenset({SERVICE}),
    works.CreateVariant: _OFFICE,
    works.ChangeVariant: _OFFICE,
    works.RemoveVariant: _OFFICE,
    works.ListVariants: _EVERYONE,
    works.CreatePackage: _OFFICE,
    works.ChangePackage: _OFFICE,
    works.GetPackage: _EVERYONE,
    works.ListPackages: _EVERYONE,
    works.OfferWorks: _BAY,
    works.GetPriceRules: _EVERYONE,
    works.ChangePriceRules: _OFFICE,
    # orders
    orders.CreateOrder: _RECEPTION,
    orders.ChangeOrder: _RECEPTION,
    orders.AddService: _BAY,
    works.AddPackage: _RECEPTION,
    works.VehicleWarranty: _EVERYONE,
    orders.RequestParts: _BAY | {STOREKEEPER},
    orders.ChangeLine: _BAY,
    orders.RemoveLine: _RECEPTION,
    orders.MoveOrder: _BAY,
    bay.StartClock: _BAY,
    bay.StopClock: _BAY,
    bay.GetBay: _BAY,
    orders.AddComment: frozenset(ROLES),
    orders.GetOrder: _EVERYONE,
    orders.FindOrders: _EVERYONE,
    orders.ListComments: _EVERYONE,
    orders.ListPriceSteps: _EVERYONE,
    work_order.GetWorkOrder: _EVERYONE,
    work_order.FindWorkOrders: _OFFICE | {SERVICE},
    approvals.QuoteWorks: _RECEPTION,
    approvals.AnswerWork: _RECEPTION,
    approvals.AnswerWorks: _RECEPTION,
    approvals.EstimateLink: _RECEPTION | {SERVICE},
    approvals.RevokeEstimateLink: _RECEPTION,
    approvals.ShowEstimate: frozenset({CLIENT}),
    approvals.OrderOfLink: frozenset({SERVICE}),
    approvals.AnswerEstimate: frozenset({CLIENT}),
    link_secret.ReplaceLinkSecret: frozenset({OPERATOR}),
    approvals.ListDeclinedWorks: _BAY | {SERVICE},
    approvals.TakeDeclinedWorks: _RECEPTION,
    approvals.DismissDeclinedWorks: _RECEPTION,
    board.GetBoard: _RECEPTION,
    orders.OrdersBySection: _RECEPTION,
    orders.EmployeeWorkload: _RECEPTION,
    order_reports.NameOrders: frozenset({SERVICE}),
    order_reports.CheckOrderReports: _OPERATORS | {SERVICE},
    # the load panel
    load.GetWorkingHours: _EVERYONE,
    load.SetWorkingHours: _OFFICE,
    load.ListHolidays: _EVERYONE,
    load.AddHoliday: _OFFICE,
    load.RemoveHoliday: _OFFICE,
    load.GetSchedule: _EVERYONE,
    load.SetSchedule: _OFFICE,
    load.ListAbsences: _RECEPTION,
    load.AddAbsence: _RECEPTION,
    load.RemoveAbsence: _RECEPTION,
    load.BookPost: _RECEPTION,
    load.MoveBooking: _RECEPTION,
    load.RemoveBooking: _RECEPTION,
    load.ListBookings: _EVERYONE,
    load.GetLoad: _EVERYONE,
    load.CarryOver: _RECEPTION,
    load.GetLoadSettings: _EVERYONE,
    load.SetLoadSettings: _OFFICE,
    # stock
    inventory.CreateProduct: _STORE,
    inventory.ChangeProduct: _STORE,
    inventory.GetProduct: _EVERYONE,
    inventory.GetProducts: frozenset({SERVICE}),
    inventory.FindProducts: _EVERYONE,
    inventory.CreateUnit: _STORE,
    inventory.ListUnits: _EVERYONE,
    # With a markup, a price tells the cost.
    inventory.GetMarkupRules: _STORE,
    inventory.SetMarkupRules: _OFFICE,
    inventory.CreateWarehouse: _STORE,
    inventory.ChangeWarehouse: _STORE,
    inventory.ListWarehouses: _EVERYONE,
    inventory.CreateSupplier: _STORE,
    inventory.ChangeSupplier: _STORE,
    inventory.ListSuppliers: _EVERYONE,
    inventory.ReceiveStock: _STORE,
    inventory.ListReceipts: _STORE,
    purchasing.GetReceipt: _STORE,
    purchasing.GetSuppliers: frozenset({SERVICE}),
    purchasing.ReturnToSupplier: _STORE,
    purchasing.CancelReceipt: _STORE,
    purchasing.ListSupplierReturns: _STORE,
    purchase_orders.CreatePurchaseOrder: _STORE,
    purchase_orders.ChangePurchaseOrder: _STORE,
    purchase_orders.SendPurchaseOrder: _STORE,
    purchase_orders.CancelPurchaseOrder: _STORE,
    purchase_orders.ClosePurchaseOrder: _STORE,
    purchase_orders.ReceivePurchase: _STORE,
    purchase_orders.GetPurchaseOrder: _STORE,
    purchase_orders.ListPurchaseOrders: _STORE,
    purchase_orders.GetPurchaseProposal: _STORE,
    purchase_orders.OrderProposal: _STORE,
    purchase_orders.OrderSpecially: _RECEPTION | {STOREKEEPER},
    purchase_orders.ListSpecialOrders: _EVERYONE,
    purchase_orders.SetPrepayment: _RECEPTION,
    purchase_orders.GetPrepayment: _EVERYONE,
    purchase_orders.WaivePrepayment: MAY_WAIVE,
    purchase_orders.GetDeposit: frozenset({SERVICE}),
    inventory.GetStock: _EVERYONE,
    shelves.FindStock: _EVERYONE,
    shelves.ListLots: _STORE,
    shelves.ListWaiting: _EVERYONE,
    shelves.ListCatalogueNames: _EVERYONE,
    inventory.ListMovements: _EVERYONE,
    stock_documents.SendTransfer: _STORE,
    stock_documents.ReceiveTransfer: _STORE,
    stock_documents.CancelTransfer: _STORE,
    stock_documents.GetTransfer: _STORE,
    stock_documents.ListTransfers: _STORE,
    stock_documents.WriteOffStock: _STORE,
    stock_documents.CancelWriteOff: _STORE,
    stock_documents.GetWriteOff: _STORE,
    stock_documents.ListWriteOffs: _STORE,
    stock_counts.StartCount: _STORE,
    stock_counts.ScanCount: _STORE,
    stock_counts.SetCounted: _STORE,
    stock_counts.PostCount: _STORE,
    stock_counts.CancelCount: _STORE,
    stock_counts.GetCount: _STORE,
    stock_counts.ListCounts: _STORE,
    stock_counts.ListCountLines: _STORE,
    inventory.StockBalances: _STORE | {ADVISOR},
    costing.WhatMayBeMissing: frozenset({SERVICE}),
    costing.CreateCell: _STORE,
    costing.ChangeCell: _STORE,
    costing.ListCells: _EVERYONE,
    costing.SetHomeCell: _STORE,
    costing.ListHomeCells: _EVERYONE,
    costing.PickList: _EVERYONE,
    costing.CheckStock: _OPERATORS | {SERVICE},
    # further numbers, analogues, barcodes
    part_numbers.AddPartNumber: _STORE,
    part_numbers.RemovePartNumber: _STORE,
    part_numbers.ListPartNumbers: _EVERYONE,
    part_numbers.ListAnalogues: _EVERYONE,
    part_numbers.AddBarcode: _STORE,
    part_numbers.MakeBarcode: _STORE,
    part_numbers.RemoveBarcode: _STORE,
    part_numbers.ListBarcodes: _EVERYONE,
    part_numbers.GetByBarcode: _EVERYONE,
    # what suppliers offer; a list that comes in shows what the station pays
    price_lists.BeginStockImport: _STORE,
    price_lists.AddStockImportRows: _STORE,
    price_lists.EndStockImportUpload: _STORE,
    price_lists.ChangeStockImport: _STORE,
    price_lists.ApplyStockImport: _STORE,
    price_lists.CancelStockImport: _STORE,
    price_lists.GetStockImport: _STORE,
    price_lists.ListStockImports: _STORE,
    price_lists.ListStockImportProblems: _STORE,
    price_lists.FindOffers: _EVERYONE,
    price_lists.CreateProductFromOffer: _STORE,
    stock_reports.StockTurnover: _STORE | {ADVISOR},
    stock_reports.DeadStock: _STORE | {ADVISOR},
    stock_reports.StockShortages: _STORE | {ADVISOR},
    stock_reports.CheckStockReports: _OPERATORS | {SERVICE},
    # money
    finance.TakePayment: _TILL,
    finance.RefundPayment: _TILL,
    finance.GetPayment: _TILL | {ADVISOR},
    finance.ListPayments: _TILL | {ADVISOR, SERVICE},
    finance.RecordExpense: _TILL,
    finance.ListRecords: _BOOKS,
    finance.GetOrderProfit: _OFFICE | {OPERATOR},
    finance.GetBalance: _TILL | {ADVISOR, SERVICE},
    finance.IncomeExpenses: _OFFICE | {OPERATOR},
    finance.OrderProfits: _OFFICE | {OPERATOR, SERVICE},
    finance_reports.Margin: _OFFICE | {OPERATOR},
    finance_reports.ProfitLoss: _OFFICE | {OPERATOR},
    finance_reports.CashFlow: _OFFICE | {OPERATOR},
    finance_reports.AbcAnalysis: _STORE,
    finance_reports.CheckReports: _OPERATORS | {SERVICE},
    # what clients owe
    statements.ClientStatement: _TILL | {ADVISOR, SERVICE},
    statements.PrintStatement: _TILL | {ADVISOR},
    statements.Debtors: _BOOKS,
    statements.Creditors: _BOOKS,
    statements.CheckClients: _OPERATORS | {SERVICE},
    # taxes
    taxes.GetVatRates: _EVERYONE,
    taxes.SetVatRates: _OFFICE,
    taxes.VatReport: _OFFICE | {OPERATOR},
    # the till
    payment_documents.TakePaymentDocument: _TILL,
    payment_documents.GetPaymentDocument: _TILL | {ADVISOR},
    payment_documents.MoveDeposit: _TILL,
    payment_documents.GiveBackDeposits: _TILL,
    payment_documents.PayFromBalance: _TILL,
    till.CreateCashBox: _OFFICE,
    till.ChangeCashBox: _OFFICE,
    till.ListCashBoxes: _TILL | {ADVISOR},
    till.GetTillSettings: _TILL | {ADVISOR},
    till.ChangeTillSettings: _OFFICE,
    till.OpenShift: _TILL,
    till.CloseShift: _TILL,
    till.GetShift: _TILL,
    till.ListShifts: _TILL,
    till.GetXReport: _TILL,
    till.GetZReport: _TILL,
    till.MoveCash: _TILL,
    till.ListCashDocuments: _TILL,
    till_summary.GetTillSummary: _TILL,
    expenses.CreateExpenseCategory: _OFFICE,
    expenses.ChangeExpenseCategory: _OFFICE,
    expenses.ListExpenseCategories: _TILL,
    expenses.ListExpenses: _BOOKS,
    expenses.ReverseExpense: _OFFICE,
    expenses.CreateRecurringExpense: _OFFICE,
    expenses.ChangeRecurringExpense: _OFFICE,
    expenses.SkipRecurringExpense: _OFFICE,
    expenses.ListRecurringExpenses: _TILL,
    expenses.ListUpcomingExpenses: _TILL,
    expenses.PostRecurringExpenses: frozenset({OPERATOR}),
    fiscal.GetFiscalReceipt: _TILL,
    fiscal.ListFiscalReceipts: _TILL,
    fiscal.RetryFiscalReceipt: _TILL,
    fiscal.CorrectPayment: _OFFICE,
    # money of suppliers
    purchasing.PaySupplier: _TILL,
    purchasing.RefundSupplierPayment: _TILL,
    purchasing.ListSupplierPayments: _TILL | _STORE,
    purchasing.ListSupplierBalances: _TILL | _STORE,
    purchasing.SupplierStatement: _TILL | _STORE,
    visits.ListSettlements: frozenset({SERVICE}),
    # messages to clients
    messages.CreateMessageTemplate: _OFFICE,
    messages.ChangeMessageTemplate: _OFFICE,
    messages.ListMessageTemplates: _RECEPTION,
    messages.PreviewMessage: _RECEPTION,
    messages.SendMessage: _RECEPTION,
    messages.CancelMessage: _RECEPTION,
    messages.ResendMessage: _RECEPTION,
    messages.GetMessage: _RECEPTION,
    messages.ListMessages: _RECEPTION | {SERVICE},
    bonus_rules.CreateBonusRule: _OFFICE,
    bonus_rules.ChangeBonusRule: _OFFICE,
    bonus_rules.GetBonusRule: _OFFICE,
    bonus_rules.ListBonusRules: _OFFICE,
    bonus_rules.TryBonusRule: _OFFICE,
    bonus_rules.ChangeBonusSettings: _OFFICE,
    bonus_rules.GetBonusSettings: _TILL | {ADVISOR},
    bonuses.AdjustBonuses: _OFFICE,
    bonuses.GetBonuses: _TILL | {ADVISOR, SERVICE},
    bonuses.ExpireBonuses: frozenset({OPERATOR}),
    # pay: whoever is not of the office sees one's own
    pay_rules.CreatePayRule: _OFFICE,
    pay_rules.ChangePayRule: _OFFICE,
    pay_rules.GetPayRule: _OFFICE,
    pay_rules.ListPayRules: _OFFICE,
    payroll.AdjustPay: _OFFICE,
    payroll.PayOut: _OFFICE,
    payroll.ReversePay: _OFFICE,
    payroll.PayrollSheet: frozenset(ROLES),
    payroll.GetEmployeePay: frozenset(ROLES),
    payroll.GetPayrollState: _OFFICE,
    payroll.ClosePayroll: _OFFICE,
    payroll.ReopenPayroll: _OFFICE,
    payroll.AccrueSalaries: frozenset({OPERATOR}),
    # print forms
    forms.ListForms: _EVERYONE,
    forms.PrintForm: _EVERYONE,
    forms.PrintByLink: frozenset({CLIENT}),
    formulas.GetFormulaReference: frozenset(ROLES),
    formulas.TryFormula: frozenset(ROLES),
    forms.PreviewForm: _OFFICE,
    forms.GetFormTemplate: _OFFICE | {SERVICE},
    forms.ListFormVersions: _OFFICE,
    forms.SaveFormTemplate: _OFFICE,
    forms.RestoreFormTemplate: _OFFICE,
    forms.GetFormLook: _OFFICE,
    forms.ChangeFormLook: _OFFICE,
    # photos
    photos.AddPhoto: _BAY,
    photos.ChangePhoto: _BAY,
    photos.RemovePhoto: _BAY,
    photos.ListPhotos: _BAY,
    photos.GetPhoto: _BAY,
    photos.GetSmallPhoto: _BAY,
    photos.ShowClientPhotos: frozenset({CLIENT}),
    photos.ShowClientPhoto: frozenset({CLIENT}),
    # audit
    audit.FindRecords: _OPERATORS | {SERVICE},
    audit.OrderTimeline: frozenset(ROLES) | {OPERATOR},
    audit.VerifyChain: _OPERATORS,
    # what services must agree on
    reconciliation.GetOrderFigures: _OPERATORS,
    reconciliation.GetStockFigures: _OPERATORS,
    reconciliation.GetReceiptFigures: _OPERATORS,
    reconciliation.GetStockWorth: _OPERATORS | {SERVICE},
    reconciliation.TakeOverStock: frozenset({OPERATOR}),
    reconciliation.GetBooksFigures: _OPERATORS | {SERVICE},
    reconciliation.TellIssueCost: frozenset({OPERATOR}),
    reconciliation.GetReceiptDebts: _OPERATORS,
    reconciliation.GetVisitFigures: _OPERATORS,
    reconciliation.GetAccountBalances: _OPERATORS,
    # users: each sees to one's own sessions and programs
    users.CreateUser: _OFFICE,
    users.ChangeUser: _OFFICE,
    users.ResetPassword: _OFFICE,
    users.EndUserSessions: _OFFICE,
    users.ResetTotp: _OFFICE,
    users.GetUser: _OFFICE,
    users.FindUsers: _OFFICE,
    users.ListSessions: frozenset(ROLES),
    users.EndSession: frozenset(ROLES),
    users.CreateToken: frozenset(ROLES),
    users.RevokeToken: frozenset(ROLES),
    users.ListTokens: frozenset(ROLES),
    # long work: a table only for whoever may ask for its report
    jobs.BeginExport: frozenset(ROLES),
    jobs.CancelJob: frozenset(ROLES),
    jobs.GetJob: frozenset(ROLES),
    jobs.ListJobs: frozenset(ROLES),
    # operations
    operations.ListDeadLetters: _OPERATORS,
    operations.RequeueDeadLetter: _OPERATORS,
    operations.DropDeadLetter: _OPERATORS,
    operations.GetServiceState: _OPERATORS,
}


def may(role: str | None, message: type[Message]) -> bool:
    """Whether this role may send this message. What the table does not name, nobody may."""
    return role is not None and role in _ALLOWED.get(message, frozenset())


def may_take_away(role: str | None, question: type[Message]) -> bool:
    """Whether this role may have all that answers the question as a file."""
    return may(role, question) and role in _TAKEN_AWAY_BY.get(question, _EVERYONE)


def sent_by(role: str) -> list[type[Message]]:
    """All that this role may send."""
    return [message for message, roles in _ALLOWED.items() if role in roles]


def may_grant(role: str | None, other: str) -> bool:
    """Whether whoever has this role may give or take the other one: it must not be able to do
    anything that they may not."""
    return all(role in roles for roles in _ALLOWED.values() if other in roles)


def scope_of(message: type[Message]) -> str | None:
    """What a program's token must have to send it; null: no token is enough.

    Users and tokens are managed by people only, so that a stolen token makes no other one. Having
    a table made changes nothing that the station knows.
    """
    if message in _TABLES:
        return "read"
    _, service, _ = message.subject.split(".", 2)  # type: ignore[attr-defined]
    if service == "gateway":
        return None
    return f"{service}:write" if issubclass(message, Command) else "read"


_TABLES = frozenset({jobs.BeginExport, jobs.CancelJob, jobs.GetJob, jobs.ListJobs})


def within(scopes: frozenset[str] | None, message: type[Message]) -> bool:
    """Whether a token with these scopes may send this message; a person has none and may."""
    return scopes is None or scope_of(message) in scopes


def message_named(name: str) -> type[Message]:
    """The message of that class's name. Raises KeyError: pages that ask for it are our own."""
    return _BY_NAME[name]


_BY_NAME = {message.__name__: message for message in _ALLOWED}


def sees_all_costs(role: str | None) -> bool:
    """As ``may_see_cost``, or a service that asks: it masks what it shows on."""
    return role == SERVICE or may_see_cost(role)


def may_see_cost(role: str | None) -> bool:
    return role is not None and role in MAY_SEE_COST


def may_see_pay(role: str | None) -> bool:
    return role is not None and role in MAY_SEE_PAY
