"""Rows of client lists: kept aside, matched with who is known, counted, decided, taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.importing import Known, car_shown
from services.clients.domain.search import words_of
from services.clients.store.erasure import GONE
from services.clients.store.tables import clients, name_words, vehicles
from services.clients.store.tables_importing import client_row_keys, client_rows
from shared.contracts.base import Page
from shared.contracts.client_imports import ClientRowView, ListClientImportRows, RowMatch
from shared.contracts.imports import Choice
from shared.imports.tables import ENDED, imports, problems
from shared.imports.taking import Import
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

type Matches = dict[UUID, list[str]]
"""Clients, each with what it is known by: ``phone``, ``vin``, ``plate``."""
CELLS_KEPT = timedelta(days=30)
"""After the end of an import, if nobody is forgotten meanwhile: as long as answers are kept."""
OF_NOBODY = ("fault", "low", "high", "longest", "row", "why_en", "why_ru")
"""Particulars of what is wrong with a cell that say nothing of what stands in it."""

# --- rows come in --------------------------------------------------------------------------------


async def add(connection: AsyncConnection, job: Import, rows: Mapping[int, Known]) -> None:
    """With the clients and the earlier rows that they fit."""
    if not rows:
        return
    firsts = await _first_rows(connection, job.id, rows)
    known = await known_by(connection, {key for row in rows.values() for key in row.keys})
    values = []
    for number, row in rows.items():
        matches: Matches = defaultdict(list)
        for key in row.keys:
            for client_id in known.get(key, ()):
                by = key.partition(":")[0]
                if by not in matches[client_id]:
                    matches[client_id].append(by)
        values.append(
            {
                "import_id": job.id,
                "row": number,
                "client": row.client,
                "vehicle": row.vehicle,
                "name": row.name,
                "matches": [{"client_id": each, "by": by} for each, by in matches.items()],
                "fits": len(matches),
                "same_as": min((firsts[key] for key in row.keys), default=number),
            }
        )
    await connection.execute(insert(client_rows), values)
    await _learn_words(connection, rows.values())


async def _first_rows(
    connection: AsyncConnection, import_id: UUID, rows: Mapping[int, Known]
) -> dict[str, int]:
    """For each key the first row of the file that has it, or belongs to one that has."""
    heads: dict[str, int] = {}
    keys = sorted({key for row in rows.values() for key in row.keys})
    if not keys:
        return {}
    before = await connection.execute(
        select(client_row_keys.c.key, client_row_keys.c.row).where(
            client_row_keys.c.import_id == import_id,
            client_row_keys.c.key == any_(bindparam("keys", type_=ARRAY(Text))),
        ),
        {"keys": keys},
    )
    heads.update({row.key: row.row for row in before})
    known = set(heads)
    for number, row in rows.items():
        head = min((heads[key] for key in row.keys if key in heads), default=number)
        for key in row.keys:
            heads.setdefault(key, head)
    if new := [key for key in keys if key not in known]:
        await connection.execute(
            insert(client_row_keys),
            [{"import_id": import_id, "key": key, "row": heads[key]} for key in new],
        )
    return heads


async def known_by(connection: AsyncConnection, keys: Iterable[str]) -> dict[str, list[UUID]]:
    """For each key the clients who have it: by a phone themselves, else by a car of theirs."""
    of_kind: dict[str, list[str]] = {"phone": [], "vin": [], "plate": []}
    for key in keys:
        kind, _, value = key.partition(":")
        of_kind[kind].append(value)
    found: dict[str, list[UUID]] = defaultdict(list)
    if phones := set(of_kind["phone"]):
        asked = bindparam("phones", type_=ARRAY(Text))
        query = select(clients.c.id, clients.c.phones).where(
            clients.c.phones.bool_op("&&")(asked), clients.c.merged_into.is_(None)
        )
        for row in await connection.execute(query.order_by(clients.c.id), {"phones": [*phones]}):
            for phone in phones.intersection(row.phones):
                found[f"phone:{phone}"].append(row.id)
    for kind, of_car in (("vin", vehicles.c.vin), ("plate", vehicles.c.plate_key)):
        if of_kind[kind]:
            query = select(of_car.label("value"), vehicles.c.client_id).where(
                of_car == any_(bindparam("values", type_=ARRAY(Text)))
            )
            query = query.order_by(vehicles.c.id)
            for row in await connection.execute(query, {"values": of_kind[kind]}):
                found[f"{kind}:{row.value}"].append(row.client_id)
    return found


async def _learn_words(connection: AsyncConnection, rows: Iterable[Known]) -> None:
    """Last of all, and in this short transaction: in the long one that applies, whoever enters a
    client with such a name would wait for its end."""
    words = sorted({word for row in rows for word in words_of(row.name)})
    if words:
        await connection.execute(
            insert_or_not(name_words).on_conflict_do_nothing(), [{"word": word} for word in words]
        )


async def forget(connection: AsyncConnection, import_id: UUID) -> None:
    for table in (client_rows, client_row_keys):
        await connection.execute(delete(table).where(table.c.import_id == import_id))


async def sweep(connection: AsyncConnection, now: datetime) -> None:
    ended = select(imports.c.id).where(imports.c.state.in_(ENDED))
    for table in (client_rows, client_row_keys):
        await connection.execute(delete(table).where(table.c.import_id.in_(ended)))
    long_ago = imports.c.updated_at < now - CELLS_KEPT
    await connection.execute(_FORGET_CELLS.where(problems.c.import_id.in_(ended.where(long_ago))))


async def forget_cells(connection: AsyncConnection) -> None:
    """What all lists say in the cells that could not be read: whose they are nobody knows. Which
    cells they were, and what was wrong with them, stays."""
    await connection.execute(_FORGET_CELLS)


_particular = func.jsonb_each(problems.c.particulars).table_valued("key", column("value", JSONB))
_FORGET_CELLS = (
    update(problems)
    .where(problems.c.value != GONE)
    .values(
        value=GONE,
        particulars=select(
            func.coalesce(
                func.jsonb_object_agg(
                    _particular.c.key,
                    case(
                        (_particular.c.key.in_(OF_NOBODY), _particular.c.value),
                        else_=literal(GONE, JSONB),
                    ),
                ),
                literal({}, JSONB),
            )
        ).scalar_subquery(),
    )
)


# --- what becomes of them ------------------------------------------------------------------------


def action_of(on_duplicate: Choice | None) -> Any:
    """A person's decision; else of somebody new: create; else the rule, unless the row fits
    several clients."""
    rule: Choice = on_duplicate or "ask"
    return case(
        (client_rows.c.choice.is_not(None), client_rows.c.choice),
        (
            and_(client_rows.c.fits == 0, client_rows.c.same_as == client_rows.c.row),
            literal("create"),
        ),
        (client_rows.c.fits > 1, literal("ask")),
        else_=literal(rule),
    )


async def actions(
    connection: AsyncConnection, import_id: UUID, on_duplicate: Choice | None
) -> dict[str, int]:
    action = action_of(on_duplicate).label("action")
    rows = await connection.execute(
        select(action, func.count()).where(client_rows.c.import_id == import_id).group_by(action)
    )
    return {row[0]: row[1] for row in rows}


async def decide(
    connection: AsyncConnection, import_id: UUID, row: int, action: Choice, client_id: UUID | None
) -> None:
    """Refused: ``import_row_not_found``, ``import_row_fits_nobody``."""
    found = (
        await connection.execute(
            select(client_rows.c.fits, client_rows.c.same_as).where(
                client_rows.c.import_id == import_id, client_rows.c.row == row
            )
        )
    ).one_or_none()
    if found is None:
        raise Refused("import_row_not_found", row=row)
    fits_nobody = not found.fits and found.same_as == row and client_id is None
    if action == "update" and fits_nobody:
        raise Refused("import_row_fits_nobody", row=row)
    await connection.execute(
        update(client_rows)
        .where(client_rows.c.import_id == import_id, client_rows.c.row == row)
        .values(choice=action, client_id=client_id)
    )


async def listed(
    connection: AsyncConnection, question: ListClientImportRows, on_duplicate: Choice | None
) -> Page[ClientRowView]:
    action = action_of(on_duplicate)
    query: Select[Any] = select(client_rows, action.label("action")).where(
        client_rows.c.import_id == question.import_id
    )
    if question.action:
        query = query.where(action == question.action)
    if question.cursor:
        (last,) = keys_of(question.cursor, tuple[int])
        query = query.where(client_rows.c.row > last)
    rows = (
        await connection.execute(query.order_by(client_rows.c.row).limit(question.limit + 1))
    ).all()
    names = await _names(connection, rows)
    return page_of(rows, question.limit, lambda row: _view(row, names), lambda row: (row.row,))


async def _names(connection: AsyncConnection, rows: Sequence[Any]) -> dict[UUID, str]:
    ids = {UUID(match["client_id"]) for row in rows for match in row.matches}
    found = await connection.execute(
        select(
            clients.c.id,
            func.coalesce(
                clients.c.company_name,
                func.concat_ws(
                    " ", clients.c.last_name, clients.c.first_name, clients.c.middle_name
                ),
            ).label("name"),
        ).where(clients.c.id.in_(ids))
    )
    return {row.id: row.name for row in found}


def _view(row: Any, names: Mapping[UUID, str]) -> ClientRowView:
    return ClientRowView(
        row=row.row,
        action=row.action,
        decided=row.choice is not None,
        name=row.name,
        phones=tuple(row.client["phones"]),
        car=car_shown(row.vehicle),
        matches=tuple(
            RowMatch(
                client_id=match["client_id"],
                name=names.get(UUID(match["client_id"]), ""),
                by=match["by"],
            )
            for match in row.matches
        ),
        same_as_row=row.same_as if row.same_as != row.row else None,
        client_id=row.client_id,
    )


# --- to be taken ---------------------------------------------------------------------------------


async def rows_to(
    connection: AsyncConnection, job: Import, action: Choice, after: int, most: int
) -> Sequence[Any]:
    """The next rows that come to this action, in the order of the file."""
    rows = await connection.execute(
        select(client_rows)
        .where(
            client_rows.c.import_id == job.id,
            client_rows.c.row > after,
            action_of(job.on_duplicate) == action,
        )
        .order_by(client_rows.c.row)
        .limit(most)
    )
    return rows.all()


async def lock_clients_to_update(connection: AsyncConnection, job: Import) -> None:
    """All at once and in order, before the first of them is read; with those into which some were
    merged."""
    named = func.coalesce(
        client_rows.c.client_id,
        client_rows.c.matches[0]["client_id"].astext.cast(Uuid),
    )
    fitted = select(named).where(
        client_rows.c.import_id == job.id, action_of(job.on_duplicate) == "update"
    )
    wanted = (
        select(clients.c.id, clients.c.merged_into)
        .where(clients.c.id.in_(fitted))
        .cte("wanted", recursive=True)
    )
    wanted = wanted.union(
        select(clients.c.id, clients.c.merged_into).join(
            wanted, clients.c.id == wanted.c.merged_into
        )
    )
    await connection.execute(
        select(clients.c.id)
        .where(clients.c.id.in_(select(wanted.c.id)))
        .order_by(clients.c.id)
        .with_for_update(key_share=True)
    )


async def vins_known(connection: AsyncConnection, vins: Iterable[str]) -> set[str]:
    rows = await connection.execute(
        select(vehicles.c.vin).where(vehicles.c.vin == any_(bindparam("vins", type_=ARRAY(Text)))),
        {"vins": sorted(vins)},
    )
    return {row.vin for row in rows}
