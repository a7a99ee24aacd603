"""Who may send what: the one table, held at the gateway and again in every service."""

from __future__ import annotations

from shared.contracts import (
    approvals,
    audit,
    bonus_rules,
    bonuses,
    client_contracts,
    client_data,
    client_history,
    client_links,
    client_merge,
    clients,
    finance,
    forms,
    formulas,
    inventory,
    load,
    messages,
    operations,
    orders,
    segments,
    tags,
    vehicle_history,
    visits,
    work_order,
    works,
)
from shared.contracts.base import Message

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

MAY_DATE = _OFFICE | {SERVICE}
"""Who may say in which period an order counts."""

MAY_GIVE_CREDIT = _OFFICE
"""Who may let a car go although its client then owes more than the contract allows."""

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
    vehicle_history.GetVehicleHistory: _RECEPTION,
    clients.GetCards: frozenset({SERVICE}),
    client_data.EraseClient: _OFFICE,
    client_data.GetPersonalData: _OFFICE,
    client_data.GetOpenOrders: _OFFICE | {SERVICE},
    client_contracts.CreateContract: _OFFICE,
    client_contracts.ChangeContract: _OFFICE,
    client_contracts.ListContracts: _RECEPTION | {CASHIER},
    client_merge.MergeClients: _RECEPTION,
    client_merge.FindDuplicates: _RECEPTION,
    client_merge.DismissDuplicate: _RECEPTION,
    client_history.GetClientHistory: _RECEPTION,
    client_links.LinkClient: _RECEPTION,
    client_links.UnlinkClient: _RECEPTION,
    client_links.ListLinks: _RECEPTION | {CASHIER},
    client_links.SuggestParties: _RECEPTION,
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
    works.CreateVariant: _OFFICE,
    works.ChangeVariant: _OFFICE,
    works.RemoveVariant: _OFFICE,
    works.ListVariants: _EVERYONE,
    works.CreatePackage: _OFFICE,
    works.ChangePackage: _OFFICE,
    works.GetPackage: _EVERYONE,
    works.ListPackages: _EVERYONE,
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
    approvals.AnswerEstimate: frozenset({CLIENT}),
    approvals.ListDeclinedWorks: _BAY | {SERVICE},
    approvals.TakeDeclinedWorks: _RECEPTION,
    approvals.DismissDeclinedWorks: _RECEPTION,
    orders.OrdersBySection: _RECEPTION,
    orders.EmployeeWorkload: _RECEPTION,
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
    inventory.GetStock: _EVERYONE,
    inventory.ListMovements: _EVERYONE,
    inventory.StockBalances: _STORE | {ADVISOR},
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
    # print forms
    forms.ListForms: _EVERYONE,
    forms.PrintForm: _EVERYONE,
    formulas.GetFormulaReference: frozenset(ROLES),
    formulas.TryFormula: frozenset(ROLES),
    forms.PreviewForm: _OFFICE,
    forms.GetFormTemplate: _OFFICE | {SERVICE},
    forms.ListFormVersions: _OFFICE,
    forms.SaveFormTemplate: _OFFICE,
    forms.RestoreFormTemplate: _OFFICE,
    forms.GetFormLook: _OFFICE,
    forms.ChangeFormLook: _OFFICE,
    # audit
    audit.FindRecords: _OPERATORS | {SERVICE},
    audit.OrderTimeline: frozenset(ROLES) | {OPERATOR},
    audit.VerifyChain: _OPERATORS,
    # operations
    operations.ListDeadLetters: _OPERATORS,
    operations.RequeueDeadLetter: _OPERATORS,
    operations.DropDeadLetter: _OPERATORS,
    operations.GetServiceState: _OPERATORS,
}


def may(role: str | None, message: type[Message]) -> bool:
    """Whether this role may send this message. What the table does not name, nobody may."""
    return role is not None and role in _ALLOWED.get(message, frozenset())


def sees_all_costs(role: str | None) -> bool:
    """As ``may_see_cost``, or a service that asks: it masks what it shows on."""
    return role == SERVICE or may_see_cost(role)


def may_see_cost(role: str | None) -> bool:
    return role is not None and role in MAY_SEE_COST
