"""What a client allows: said, taken back, and who wrote it down when."""

from __future__ import annotations

import pytest

from services.clients.domain.cards import changed_client, client_view, consented, new_client
from shared.contracts.base import Change
from shared.contracts.clients import (
    ChangeClient,
    Consent,
    Consents,
    CreateClient,
    FindClients,
    GetClient,
    SaidConsents,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.clients.builders import CLIENT_ID, LATER, NOW, a_client
from tests.support.day import Station

AGREED = Consent(given=True, at=NOW, by="anna")
ANNA = Actor("anna", "advisor", new_id())


def test_nobody_has_agreed_who_was_not_asked() -> None:
    client = new_client(CreateClient(last_name="Иванов"), CLIENT_ID, NOW, "anna")
    assert client.consents == Consents()
    assert not any(consent.given for _, consent in client.consents)
    assert client.language == "ru"


def test_consent_has_its_day_and_whoever_wrote_it_down() -> None:
    command = CreateClient(last_name="Иванов", consents=SaidConsents(sms=True))
    assert new_client(command, CLIENT_ID, NOW, "anna").consents == Consents(sms=AGREED)


def test_consent_said_again_keeps_its_first_day() -> None:
    before = Consents(sms=AGREED)
    assert consented(before, SaidConsents(sms=True), LATER, "pyotr") == before
    assert consented(before, None, LATER, "pyotr") == before


def test_consent_that_is_taken_back_has_a_day_too() -> None:
    after = consented(Consents(sms=AGREED), SaidConsents(sms=False), LATER, "pyotr")
    assert after.sms == Consent(given=False, at=LATER, by="pyotr")


def test_what_is_not_named_stays_and_the_change_is_told() -> None:
    client = a_client(consents=Consents(sms=AGREED))
    command = ChangeClient(client_id=client.id, consents=SaidConsents(email=True))
    edited, changes = changed_client(client, command, LATER, "pyotr")
    assert edited.consents.sms == AGREED
    assert edited.consents.email == Consent(given=True, at=LATER, by="pyotr")
    (change,) = changes
    assert (change.field, change.old["email"]["given"], change.new["email"]["by"]) == (
        "consents",
        False,
        "pyotr",
    )


def test_consent_that_changes_nothing_keeps_the_revision() -> None:
    client = a_client(consents=Consents(sms=AGREED))
    command = ChangeClient(client_id=client.id, consents=SaidConsents(sms=True))
    assert changed_client(client, command, LATER, "pyotr") == (client, ())


def test_language_is_changed_and_never_empty() -> None:
    client = a_client()
    edited, changes = changed_client(
        client, ChangeClient(client_id=client.id, language="en"), LATER
    )
    assert client_view(edited).language == "en"
    assert changes == (Change(field="language", old="ru", new="en"),)
    with pytest.raises(Refused, match="field_required"):
        changed_client(client, ChangeClient(client_id=client.id, language=None), LATER)


async def test_consents_are_kept_and_shown_wherever_the_card_is(station: Station) -> None:
    made = await station.send(
        CreateClient(last_name="Смирнова", consents=SaidConsents(sms=True, email=False)),
        actor=ANNA,
    )
    assert (made.consents.sms.given, made.consents.sms.by) == (True, "anna")
    # No, where nobody had said yes, is no news.
    assert made.consents.email == Consent()
    changed = await station.send(
        ChangeClient(client_id=made.id, consents=SaidConsents(sms=False, marketing=True))
    )
    assert (changed.consents.sms.given, changed.consents.sms.by) == (False, "admin")
    assert changed.consents.marketing.given
    shown = await station.ask(GetClient(client_id=made.id))
    assert shown.consents == changed.consents
    found = await station.ask(FindClients(q="Смирнова"))
    assert found.items[0].consents == changed.consents
