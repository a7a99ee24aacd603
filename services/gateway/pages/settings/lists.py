"""The plain lists of the settings: places, people, works, where goods lie, pay rules."""

from __future__ import annotations

from services.gateway.pages import words
from services.gateway.pages.settings.catalogue import (
    Catalogue,
    Entry,
    named,
    pages_of,
    said_words,
)
from services.gateway.pages.words import N_
from shared.contracts.costing import ChangeCell, CreateCell, ListCells
from shared.contracts.inventory import (
    ChangeWarehouse,
    CreateUnit,
    CreateWarehouse,
    ListUnits,
    ListWarehouses,
)
from shared.contracts.orders import (
    ChangeEmployee,
    ChangeOrderType,
    ChangePost,
    ChangeSection,
    ChangeService,
    CreateEmployee,
    CreateOrderType,
    CreatePost,
    CreateSection,
    CreateService,
    ListEmployees,
    ListOrderTypes,
    ListPosts,
    ListSections,
    ListServices,
)
from shared.contracts.pay_rules import ChangePayRule, CreatePayRule, ListPayRules
from shared.contracts.works import ChangeVariant, CreateVariant, ListVariants, RemoveVariant
from shared.roles import MAY_SET_COSTING

NAME = Entry(name="name", label=N_("Name"), required=True)
_ACTIVE = Entry(name="active", label=N_("In use"), kind="tick", asked="later")

SECTIONS = Catalogue(
    path="/settings/sections",
    title=N_("Sections"),
    about=N_("Parts of the station that work and earn on their own: mechanics, body, tyres."),
    icon="hierarchy",
    add=N_("New section"),
    empty=N_("No section yet. Add the first: posts and employees belong to one."),
    entries=(NAME,),
    lists=ListSections,
    makes=CreateSection,
    changes=ChangeSection,
    id_field="section_id",
)
POSTS = Catalogue(
    path="/settings/posts",
    title=N_("Posts"),
    about=N_("Lifts and bays that cars are booked on in the load panel."),
    icon="car-garage",
    add=N_("New post"),
    empty=N_("No post yet. Add the lifts and bays, so that cars can be booked on them."),
    entries=(
        NAME,
        Entry(
            name="section_id",
            label=N_("Section"),
            kind="choice",
            source=named(ListSections),
            required=True,
        ),
    ),
    lists=ListPosts,
    makes=CreatePost,
    changes=ChangePost,
    id_field="post_id",
    filters=("section_id",),
)
EMPLOYEES = Catalogue(
    path="/settings/employees",
    title=N_("Employees"),
    about=N_("Who works here, as what and where. Who signs in is set up among the users."),
    icon="users-group",
    add=N_("New employee"),
    empty=N_("Nobody yet. Add the people who take orders and do the work."),
    entries=(
        Entry(name="last_name", label=N_("Last name"), required=True),
        Entry(name="first_name", label=N_("First name"), required=True),
        Entry(
            name="role",
            label=N_("Role"),
            kind="choice",
            source=said_words(words.ROLES),
            required=True,
            default="technician",
        ),
        Entry(name="section_id", label=N_("Section"), kind="choice", source=named(ListSections)),
        Entry(name="login", label=N_("Login"), hint=N_("Of the user who signs in")),
        Entry(
            name="pay_percent",
            label=N_("Percent of works"),
            kind="number",
            default=0,
            hint=N_("Where no pay rule says otherwise"),
        ),
        _ACTIVE,
    ),
    lists=ListEmployees,
    makes=CreateEmployee,
    changes=ChangeEmployee,
    id_field="employee_id",
    filters=("section_id", "role"),
)
ORDER_TYPES = Catalogue(
    path="/settings/order-types",
    title=N_("Order types"),
    about=N_("What kind of visit an order is: repair, maintenance, warranty."),
    icon="clipboard-list",
    add=N_("New order type"),
    empty=N_("No order type yet."),
    entries=(
        Entry(name="name", label=N_("Name in Russian"), required=True),
        Entry(name="name_en", label=N_("Name in English"), required=True),
        Entry(
            name="code",
            label=N_("Code"),
            required=True,
            asked="new",
            hint=N_("Latin letters; it stays for ever"),
        ),
        _ACTIVE,
    ),
    lists=ListOrderTypes,
    makes=CreateOrderType,
    changes=ChangeOrderType,
    id_field="order_type_id",
)
_PRICE = Entry(name="price", label=N_("Price"), kind="money", hint=N_("Or norm-hours and a rate"))
_HOURS = Entry(name="labor_hours", label=N_("Norm-hours"), kind="number")
_RATE = Entry(name="labor_rate", label=N_("Rate per hour"), kind="money")
_MINUTES = Entry(name="estimation_minutes", label=N_("Takes, minutes"), kind="number")
VARIANTS = Catalogue(
    path="/settings/works/{service_id}/variants",
    title=N_("Prices by vehicle"),
    about=N_("Where a car fits, its price counts instead of the work's own."),
    icon="car",
    add=N_("New price by vehicle"),
    empty=N_("None: one price for all cars."),
    entries=(
        Entry(name="vendor", label=N_("Car make")),
        Entry(name="model", label=N_("Car model")),
        Entry(name="vehicle_class", label=N_("Vehicle class")),
        Entry(name="engine", label=N_("Engine")),
        Entry(name="year_from", label=N_("From year")),
        Entry(name="year_to", label=N_("To year")),
        _PRICE,
        _HOURS,
        _RATE,
        _MINUTES,
    ),
    lists=ListVariants,
    makes=CreateVariant,
    changes=ChangeVariant,
    removes=RemoveVariant,
    id_field="variant_id",
    parent_field="service_id",
)
WORKS = Catalogue(
    path="/settings/works",
    title=N_("Works"),
    about=N_("The catalogue of works: what each costs, how long it takes, and its warranty."),
    icon="tools",
    add=N_("New work"),
    empty=N_("No such work. Add it, or look for another name."),
    entries=(
        NAME,
        Entry(name="group", label=N_("Group")),
        _PRICE,
        _HOURS,
        _RATE,
        _MINUTES,
        Entry(name="warranty_days", label=N_("Warranty, days"), kind="number"),
        Entry(name="warranty_km", label=N_("Warranty, km"), kind="number", shown=False),
        Entry(name="no_discount", label=N_("Never discounted"), kind="tick", shown=False),
        Entry(name="comment", label=N_("Comment"), kind="words", shown=False),
        _ACTIVE,
    ),
    lists=ListServices,
    makes=CreateService,
    changes=ChangeService,
    id_field="service_id",
    searches=True,
    inner=VARIANTS,
)
WAREHOUSES = Catalogue(
    path="/settings/warehouses",
    title=N_("Warehouses"),
    about=N_("Where goods lie, and how what they cost is reckoned."),
    icon="building-warehouse",
    add=N_("New warehouse"),
    empty=N_("No warehouse yet. Add one, so that goods can be received."),
    entries=(
        NAME,
        Entry(
            name="costing",
            label=N_("Cost is reckoned"),
            kind="choice",
            source=said_words(words.COSTING),
            required=True,
            default="fifo",
            roles=MAY_SET_COSTING,
        ),
        Entry(
            name="may_be_negative",
            label=N_("May go below zero"),
            kind="tick",
            roles=MAY_SET_COSTING,
        ),
    ),
    lists=ListWarehouses,
    makes=CreateWarehouse,
    changes=ChangeWarehouse,
    id_field="warehouse_id",
)
CELLS = Catalogue(
    path="/settings/cells",
    title=N_("Cells"),
    about=N_("Places within a warehouse, as they are written on its shelves."),
    icon="box",
    add=N_("New cell"),
    empty=N_("No such cell."),
    entries=(
        NAME,
        Entry(
            name="warehouse_id",
            label=N_("Warehouse"),
            kind="choice",
            source=named(ListWarehouses),
            required=True,
            asked="new",
        ),
        Entry(name="barcode", label=N_("Barcode")),
    ),
    lists=ListCells,
    makes=CreateCell,
    changes=ChangeCell,
    id_field="cell_id",
    searches=True,
    filters=("warehouse_id",),
)
UNITS = Catalogue(
    path="/settings/units",
    title=N_("Units"),
    about=N_("What goods are counted in."),
    icon="ruler",
    add=N_("New unit"),
    empty=N_("No unit yet."),
    entries=(NAME, Entry(name="short_name", label=N_("In short"), required=True)),
    lists=ListUnits,
    makes=CreateUnit,
)
PAY_RULES = Catalogue(
    path="/settings/pay-rules",
    title=N_("Pay rules"),
    about=N_(
        "What people earn. The most specific rule wins: of the employee, of the role, of the "
        "section, of all."
    ),
    icon="report-money",
    add=N_("New pay rule"),
    empty=N_("No pay rule yet. Add one, so that done orders earn their people something."),
    entries=(
        Entry(
            name="kind",
            label=N_("Pays for"),
            kind="choice",
            source=said_words(words.PAY_RULE_KINDS),
            required=True,
            asked="new",
        ),
        Entry(
            name="value",
            label=N_("How much it pays"),
            kind="number",
            required=True,
            hint=N_("Percent, or roubles per hour, work, order or month"),
        ),
        Entry(
            name="employee_id",
            label=N_("Employee"),
            kind="choice",
            source=named(ListEmployees),
            asked="new",
        ),
        Entry(
            name="role",
            label=N_("Role"),
            kind="choice",
            source=said_words(words.ROLES),
            asked="new",
        ),
        Entry(
            name="section_id",
            label=N_("Section"),
            kind="choice",
            source=named(ListSections),
            asked="new",
        ),
        Entry(name="service_group", label=N_("Group of works"), asked="new"),
        Entry(
            name="accrued",
            label=N_("A salary is posted"),
            kind="choice",
            source=said_words(words.SALARY_TIMES),
            required=True,
            default="month",
            shown=False,
        ),
        Entry(name="valid_from", label=N_("From day"), kind="date"),
        Entry(name="valid_to", label=N_("Before day"), kind="date"),
        Entry(name="comment", label=N_("Comment"), kind="words", shown=False),
        _ACTIVE,
    ),
    lists=ListPayRules,
    makes=CreatePayRule,
    changes=ChangePayRule,
    id_field="rule_id",
    filters=("kind", "employee_id"),
)

LISTS = (
    SECTIONS,
    POSTS,
    EMPLOYEES,
    ORDER_TYPES,
    WORKS,
    WAREHOUSES,
    CELLS,
    UNITS,
    PAY_RULES,
)
PAGES = tuple(page for catalogue in LISTS for page in pages_of(catalogue))
