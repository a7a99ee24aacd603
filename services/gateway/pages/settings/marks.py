"""What clients are found again by: tags that people put on them, and saved conditions."""

from __future__ import annotations

from services.gateway.pages import words
from services.gateway.pages.settings.catalogue import (
    Catalogue,
    Entry,
    named,
    pages_of,
    said_words,
)
from services.gateway.pages.settings.lists import NAME
from services.gateway.pages.words import N_
from shared.contracts.orders import ListSections
from shared.contracts.segments import (
    ChangeSegment,
    CreateSegment,
    ListSegments,
    RemoveSegment,
)
from shared.contracts.tags import GREY, ChangeTag, CreateTag, ListTags, RemoveTag

TAGS = Catalogue(
    path="/settings/tags",
    title=N_("Tags"),
    about=N_("Marks on clients and cars: seen at once, and found by segments."),
    icon="tags",
    add=N_("New tag"),
    empty=N_("No tag yet. Add one, and mark clients with it on their cards."),
    entries=(NAME, Entry(name="colour", label=N_("Colour"), kind="colour", default=GREY)),
    lists=ListTags,
    makes=CreateTag,
    changes=ChangeTag,
    removes=RemoveTag,
    id_field="tag_id",
)
_TAGS = named(ListTags)
SEGMENTS = Catalogue(
    path="/settings/segments",
    title=N_("Segments"),
    about=N_("Clients found again by what they have in common; all that is named must hold."),
    icon="filter",
    add=N_("New segment"),
    empty=N_("No segment yet. Save conditions under a name, and find those clients any day."),
    entries=(
        NAME,
        Entry(name="conditions.last_days", label=N_("Visits of the last days"), kind="number"),
        Entry(name="conditions.period_from", label=N_("Visits from day"), kind="date", shown=False),
        Entry(name="conditions.period_to", label=N_("Visits to day"), kind="date", shown=False),
        Entry(
            name="conditions.section_id",
            label=N_("Section"),
            kind="choice",
            source=named(ListSections),
        ),
        Entry(name="conditions.visits_from", label=N_("Visits at least"), kind="number"),
        Entry(name="conditions.visits_to", label=N_("Visits at most"), kind="number", shown=False),
        Entry(name="conditions.revenue_from", label=N_("Spent at least"), kind="money"),
        Entry(name="conditions.revenue_to", label=N_("Spent at most"), kind="money", shown=False),
        Entry(
            name="conditions.last_visit_before_days",
            label=N_("Not here for days"),
            kind="number",
        ),
        Entry(
            name="conditions.last_visit_within_days",
            label=N_("Was here within days"),
            kind="number",
            shown=False,
        ),
        Entry(name="conditions.car_vendor", label=N_("Car make")),
        Entry(name="conditions.car_model", label=N_("Car model"), shown=False),
        Entry(
            name="conditions.car_age_from",
            label=N_("Car is years old, from"),
            kind="number",
            shown=False,
        ),
        Entry(
            name="conditions.car_age_to",
            label=N_("Car is years old, to"),
            kind="number",
            shown=False,
        ),
        Entry(
            name="conditions.kind",
            label=N_("Who"),
            kind="choice",
            source=said_words(words.CLIENT_KINDS),
            shown=False,
        ),
        Entry(name="conditions.tag_ids", label=N_("With tags"), kind="several", source=_TAGS),
        Entry(
            name="conditions.without_tag_ids",
            label=N_("Without tags"),
            kind="several",
            source=_TAGS,
            shown=False,
        ),
        Entry(
            name="conditions.consents",
            label=N_("Who agreed to"),
            kind="several",
            source=said_words(words.CONSENTS),
            shown=False,
        ),
    ),
    lists=ListSegments,
    makes=CreateSegment,
    changes=ChangeSegment,
    removes=RemoveSegment,
    id_field="segment_id",
)
PAGES = (*pages_of(TAGS), *pages_of(SEGMENTS))
