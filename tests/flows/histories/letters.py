"""What people write to clients, and what is written by itself."""

from __future__ import annotations

from collections import Counter as CountOf
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any, cast
from uuid import UUID

from services.documents.domain.message_rules import SendingRules
from services.documents.domain.messages import Abilities
from services.documents.handlers.facts import REMINDERS
from services.documents.handlers.sending import Sender
from services.documents.providers.base import Passing, Permanent, Unclear
from services.documents.store.message_tables import messages
from shared.contracts.clients import ChangeClient, SaidConsents
from shared.contracts.messages import (
    CancelMessage,
    ChangeMessageTemplate,
    CreateMessageTemplate,
    Delay,
    Fact,
    MessageText,
    ResendMessage,
    SendMessage,
)
from shared.contracts.work_order import GetWorkOrder, WorkOrder
from shared.service import Running
from tests.documents.messages_at_work import Carrier
from tests.finance.at_work import rows_of
from tests.flows.histories.visits import Visits
from tests.support.histories import action

FACTS: tuple[Fact, ...] = (
    "order_opened", "estimate_ready", "parts_arrived", "order_ready", "next_visit", "work_declined",
)  # fmt: skip
ABILITIES = (Abilities(tracks="own_id"), Abilities(dedupes=True), Abilities())
"""What a provider can be asked."""
TROUBLE = (None, None, None, Passing("занято"), Permanent("нет"), Unclear("?"))
ENDS = frozenset({"sent", "delivered", "failed", "undetermined", "skipped", "cancelled"})
PATIENCE = timedelta(days=2)
"""So much later all that was due has gone out, or never will."""


class Letters(Visits):
    """A template for each fact from the beginning, and others that come and go."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.standing: dict[Fact, UUID] = {}
        """Templates that nobody changes."""
        self.templates: list[UUID] = []
        self.called_off: set[UUID] = set()
        """By people."""
        self.post = Carrier(abilities=self.one_of(ABILITIES))

    async def open(self) -> None:
        await super().open()
        for fact in FACTS:
            later = Delay(days=1 if fact in REMINDERS else 0)
            self.standing[fact] = await self.made(self._template(fact, later))
        for client_id in self.clients:
            said = SaidConsents(sms=True, email=True)
            await self.send(
                ChangeClient(client_id=client_id, phones=("+79161234567",), consents=said)
            )

    @action(6)
    async def letters_go(self) -> None:
        self.post.before = self.one_of(TROUBLE)
        self.post.after = self.one_of(TROUBLE) and Unclear("потеряно")
        await self._a_round()
        self.post.before = self.post.after = None

    @action(3)
    async def a_template_comes_or_changes(self) -> None:
        template_id = self.recent(self.templates)
        delay = Delay(days=self.one_of((0, 0, 1)), minutes=self.random.randint(1, 9))
        if template_id is None or self.chance(0.4):
            self.templates.append(await self.made(self._template(self.one_of(FACTS), delay)))
        else:
            active, fact = self.chance(0.7), self.one_of(FACTS)
            changed = {"template_id": template_id, "active": active, "delay": delay, "fact": fact}
            await self.send(ChangeMessageTemplate.model_validate(changed))

    @action(3)
    async def somebody_writes(self) -> None:
        by_template: dict[str, Any] = {"template_id": self.one_of(sorted(self.standing.values()))}
        own_words: dict[str, Any] = {"text": "Ждём вас", "channel": "sms"}
        wait = timedelta(days=self.one_of((0, 0, 1)))
        written = {
            "order_id": self.recent(self.orders),
            "client_id": self.one_of((None, self.one_of(self.clients))),
            "send_at": self.business.clock.now(UTC) + wait,
            **self.one_of((by_template, own_words)),
        }
        await self.send(SendMessage.model_validate(written))

    @action(2)
    async def a_letter_is_called_off_or_sent_again(self) -> None:
        known = await self._messages()
        if not known:
            return
        message_id = self.one_of(known[-9:]).id
        if self.chance(0.5):
            if await self.send(CancelMessage(message_id=message_id)):
                self.called_off.add(message_id)
        else:
            await self.send(ResendMessage(message_id=message_id))

    async def differences(self) -> list[str]:
        wrong = await super().differences()
        for _ in range(8):
            await self._a_round()
            self.business.clock.ahead += PATIENCE / 8
        known = await self._messages()
        now = self.business.clock.now(UTC)
        late = [each for each in known if each.state not in ENDS and each.due_at < now - PATIENCE]
        assert not late, late
        assert {each.client_id for each in known} <= set(self.clients)
        if not self.post.abilities.dedupes:
            times = CountOf(letter.id for letter in self.post.taken)
            assert all(once == 1 for once in times.values())
        keys = {each.key: each for each in known}
        seen = set[UUID | None]()
        for order_id in sorted(self.orders, reverse=True):
            order = await self.business.ask(GetWorkOrder(order_id=order_id))
            car = order.vehicle and order.vehicle.id
            self._is_told_of(order, keys, is_last=car is not None and car not in seen)
            seen.add(car)
        return wrong

    def _is_told_of(self, order: WorkOrder, keys: dict[str, Any], is_last: bool) -> None:
        """``is_last``: nobody has come with the car since."""
        occasions: list[tuple[Fact, str]] = [("order_opened", f"{order.id}")]
        if order.status == "done":
            occasions.append(("order_ready", f"{order.id}:{order.completion}"))
            if is_last:
                occasions.append(("next_visit", f"{order.id}:{order.completion}"))
        for fact, occasion in occasions:
            message = keys[f"{self.standing[fact]}:{fact}:{occasion}"]
            over = order.status == "cancelled" or message.id in self.called_off
            assert message.state != "cancelled" or over, (fact, message)

    async def _a_round(self) -> None:
        carriers: Any = {"sms": self.post, "email": self.post}
        documents = self.business.members["documents"]
        rules = SendingRules(self.zone, quiet=None)
        clock = self.business.clock
        sender = Sender(cast(Running, documents), carriers, rules, lambda: clock.now(UTC))
        await sender.round()

    def _template(self, fact: Fact, delay: Delay) -> CreateMessageTemplate:
        return CreateMessageTemplate(
            name=f"Шаблон {len(self.standing) + len(self.templates)}",
            fact=fact,
            channel="sms",
            delay=delay,
            active=True,
            ru=MessageText(text="{{ Number }}: {{ TotalMoney }}"),
        )

    async def _messages(self) -> list[Any]:
        """The oldest first."""
        rows = await rows_of(self.business.members["documents"].engine, messages)
        return sorted(rows, key=lambda row: row.id)
