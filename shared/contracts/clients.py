"""Clients and cars: owned by ``services/clients``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from shared.contracts.base import (
    Command,
    CommandRefused,
    Cursor,
    Event,
    Instant,
    Limit,
    Name,
    Page,
    Percent,
    Question,
    Revision,
    SearchText,
    Text,
    View,
)
from shared.contracts.requisites import Requisites

ClientKind = Literal["person", "company"]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=40)]
"""As a person types it; stored as E.164 (``8 916 …`` becomes ``+7916…``), with an extension as in
RFC 3966 (``8 495 123-45-67 доб. 12`` becomes ``+74951234567;ext=12``)."""
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00.]+$"
    ),
]
Vin = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]
Plate = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)]
Year = Annotated[int, Field(ge=1900, le=2100)]
Mileage = Annotated[int, Field(ge=0, le=9_999_999)]
Language = Literal["ru", "en"]
"""In which a person is written to."""


class Consent(View):
    """What a client allows. ``at`` and ``by``: when it was last said, and who wrote it down."""

    given: bool = False
    at: Instant | None = None
    by: str | None = None


class Consents(View):
    """To be written to by SMS and by e-mail, and to be sent advertising by either of them. Nobody
    is written to without having agreed."""

    sms: Consent = Consent()
    email: Consent = Consent()
    marketing: Consent = Consent()

    @field_validator("email", mode="before")
    @classmethod
    def _of_an_older_version(cls, said: object) -> object:
        """Which left nothing of it in the messages of a client who was erased."""
        return Consent() if said is None else said


class SaidConsents(View):
    """What a client says of it, as far as it was asked: a field that is not named stays."""

    model_config = {"extra": "forbid"}

    sms: bool | None = None
    email: bool | None = None
    marketing: bool | None = None


class ClientFields(View):
    """What a client card holds. A person needs a last or first name, a company its name."""

    kind: ClientKind = "person"
    last_name: Name | None = None
    first_name: Name | None = None
    middle_name: Name | None = None
    company_name: Name | None = None
    phones: tuple[Phone, ...] = Field(default=(), max_length=20)
    email: Email | None = None
    discount_percent: Percent | None = None
    comment: Text | None = None
    language: Language = "ru"
    """In which the client is written to."""
    services_discount_percent: Percent | None = None
    """On works and the materials that their price carries; null: ``discount_percent``."""
    products_discount_percent: Percent | None = None
    """On goods; null: ``discount_percent``."""
    requisites: Requisites | None = None
    """Of a company, or of whoever else is sent invoices."""


class ClientView(ClientFields):
    id: UUID
    name: str
    """How the client is shown: the company's name, or last, first and middle name."""
    revision: Revision
    created_at: Instant
    updated_at: Instant
    consents: Consents = Consents()
    erased_at: Instant | None = None
    """The person asked to be forgotten: the card only stands for them."""
    merged_into: UUID | None = None
    """The card was found to be another name of that client's."""


class VehicleFields(View):
    """What is known of a car. Any of it may be unknown, but not all of it."""

    vin: Vin | None = None
    plate: Plate | None = None
    vendor: Name | None = None
    model: Name | None = None
    year: Year | None = None
    engine: Name | None = None
    mileage_km: Mileage | None = None
    vehicle_class: Name | None = None
    """In the station's own words: what price variants go by."""


class VehicleView(VehicleFields):
    id: UUID
    client_id: UUID
    """The owner today."""
    revision: Revision
    created_at: Instant
    updated_at: Instant
    mileage_at: Instant | None = None
    """When ``mileage_km`` was said: on the card, or first on the order that says it."""
    warnings: tuple[str, ...] = ()
    """Codes of what looks wrong but is accepted: ``vin_check_digit``, ``vin_short``."""

    @property
    def known_as(self) -> str:
        """How lists and papers call it."""
        return " ".join(filter(None, (self.vendor, self.model, self.plate or self.vin)))


class FoundClient(ClientView):
    """A search hit, with the cars so that one look is enough to choose."""

    vehicles: tuple[VehicleView, ...] = ()


class ClientDetails(ClientView):
    """A card that was merged is answered by the one that remains, with ``merged_into`` naming
    that one."""

    vehicles: tuple[VehicleView, ...] = ()


class CreateClient(Command[ClientView], ClientFields):
    """Answers the new card. Refused: ``client_name_missing``, ``phone_invalid``, and requisites
    that their check digits deny, as ``tax_number_invalid``."""

    subject: ClassVar[str] = "cmd.clients.create_client.v1"
    model_config = {"extra": "forbid"}

    consents: SaidConsents = SaidConsents()


class ChangeClient(Command[ClientView]):
    """Fields that are not named stay; a null clears. Refused also: ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.clients.change_client.v1"

    client_id: UUID
    expected_revision: Revision | None = None
    kind: ClientKind | None = None
    last_name: Name | None = None
    first_name: Name | None = None
    middle_name: Name | None = None
    company_name: Name | None = None
    phones: tuple[Phone, ...] | None = Field(default=None, max_length=20)
    email: Email | None = None
    discount_percent: Percent | None = None
    comment: Text | None = None
    language: Language | None = None
    consents: SaidConsents | None = None
    services_discount_percent: Percent | None = None
    products_discount_percent: Percent | None = None
    requisites: Requisites | None = None
    """As a whole."""


class AddVehicle(Command[VehicleView], VehicleFields):
    """A car of this client. Refused: ``vehicle_empty``, ``vin_invalid``, ``client_not_found``.

    A VIN that is already known is refused with ``vehicle_exists``: the car keeps one identity,
    and a new owner is written by ``ChangeVehicle``.
    """

    subject: ClassVar[str] = "cmd.clients.add_vehicle.v1"
    model_config = {"extra": "forbid"}

    client_id: UUID


class ChangeVehicle(Command[VehicleView]):
    """As ``ChangeClient``. A new ``client_id`` is a new owner from now on; refused ``forbidden`` to
    the bay."""

    subject: ClassVar[str] = "cmd.clients.change_vehicle.v1"

    vehicle_id: UUID
    expected_revision: Revision | None = None
    client_id: UUID | None = None
    vin: Vin | None = None
    plate: Plate | None = None
    vendor: Name | None = None
    model: Name | None = None
    year: Year | None = None
    engine: Name | None = None
    mileage_km: Mileage | None = None
    vehicle_class: Name | None = None


class GetClient(Question[ClientDetails]):
    subject: ClassVar[str] = "ask.clients.client.v1"

    client_id: UUID


class FindClients(Question[Page[FoundClient]]):
    """By a run of 4+ phone digits, VIN or plate (or a fragment), or a name, misspelt or cut."""

    subject: ClassVar[str] = "ask.clients.find_clients.v1"

    q: SearchText = ""
    tag_id: UUID | None = None
    """Only those who have it, themselves or on one of their cars."""
    limit: Limit = 50
    cursor: Cursor | None = None


class GetVehicle(Question[VehicleView]):
    subject: ClassVar[str] = "ask.clients.vehicle.v1"

    vehicle_id: UUID


class KnownVehicle(View):
    """A car that has this VIN or plate already, and whose it is."""

    vehicle: VehicleView
    owner: str


class VehicleCheck(View):
    """What would become of a car that is being typed."""

    problems: tuple[str, ...]
    """Codes of what would be refused: ``vin_invalid``, ``plate_invalid``."""
    reasons_en: tuple[str, ...] = ()
    """Of each of them, what is wrong and what can be done."""
    reasons_ru: tuple[str, ...] = ()
    warnings: tuple[str, ...]
    """As of a car: ``vin_check_digit``, ``vin_short``."""
    known: tuple[KnownVehicle, ...]
    """The newest ten. A VIN is one car's; a plate may be of several."""


class CheckVehicle(Question[VehicleCheck]):
    """Whether a VIN and a plate are right, and which cars have them already; changes nothing."""

    subject: ClassVar[str] = "ask.clients.vehicle_check.v1"

    vin: Vin | None = None
    plate: Plate | None = None


class ListVehicles(Question[Page[VehicleView]]):
    subject: ClassVar[str] = "ask.clients.vehicles.v1"

    client_id: UUID


class Cards(View):
    """Cards and cars as they are now; of what does not exist there is none."""

    clients: tuple[ClientView, ...]
    vehicles: tuple[VehicleView, ...]


class GetCards(Question[Cards]):
    """Many at once, for services whose copies lack something."""

    subject: ClassVar[str] = "ask.clients.cards.v1"

    client_ids: tuple[UUID, ...] = Field(default=(), max_length=500)
    vehicle_ids: tuple[UUID, ...] = Field(default=(), max_length=500)


class ClientCreated(Event):
    """A client card was made. Producer: clients. Consumers: orders, finance, documents,
    audit."""

    subject: ClassVar[str] = "evt.clients.client_created.v1"

    client: ClientView

    def aggregate_id(self) -> UUID:
        return self.client.id


class ClientChanged(Event):
    """A card was edited; carries the whole card. Producer: clients. Consumers: orders, documents,
    audit."""

    subject: ClassVar[str] = "evt.clients.client_changed.v1"

    client: ClientView

    def aggregate_id(self) -> UUID:
        return self.client.id


class VehicleAdded(Event):
    """A car was entered. Producer: clients. Consumers: orders, audit."""

    subject: ClassVar[str] = "evt.clients.vehicle_added.v1"

    vehicle: VehicleView

    def aggregate_id(self) -> UUID:
        return self.vehicle.id


class VehicleChanged(Event):
    """A car's facts or owner changed; carries the whole car. Producer: clients. Consumers: orders,
    audit."""

    subject: ClassVar[str] = "evt.clients.vehicle_changed.v1"

    vehicle: VehicleView

    def aggregate_id(self) -> UUID:
        return self.vehicle.id


class ClientsCommandRefused(CommandRefused):
    """Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.command_refused.v1"
