"""Settings: what the station is, offers, reckons by and says; an index, and a page for each."""

from services.gateway.pages.settings import (
    bonuses,
    index,
    letters,
    lists,
    marks,
    packages,
    papers,
    rates,
)

PAGES = (
    *index.PAGES,
    *lists.PAGES,
    *marks.PAGES,
    *rates.PAGES,
    *bonuses.PAGES,
    *letters.PAGES,
    *packages.PAGES,
    *papers.PAGES,
)
