"""The control table: what an account finds of all rendez-vous, one row per date.

Pages, counts, print and exports all go through the same listing, so that they can never
disagree about what a filter means or what an account may see.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from rdv_caldav.db.control_statements import Listing
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.control import (
    ControlCounts,
    ControlFilter,
    ControlQuery,
    ControlRow,
    Place,
    RowKey,
    SavedFilter,
    Trash,
)
from rdv_caldav.domain.control_query import read_query
from rdv_caldav.domain.errors import InvalidInput, ModuleOff, UnknownObject
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor

PAGE_SIZE = 50
DENSE = 5_000
"""So many rows are a good part even of a large agency's."""

MOST_SAVED = 50
"""Filters that an account can keep."""

_LONGEST_NAME = 100
_LONGEST_QUERY = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPage:
    """Some rows in order, and where the pages before and after them are."""

    rows: tuple[ControlRow, ...]
    before: Place | None
    after: Place | None


def page(
    tx: Transaction,
    actor: Actor,
    query: ControlQuery,
    *,
    size: int = PAGE_SIZE,
    expected: int | None = None,
) -> ControlPage:
    """Return the page that the query's place says, the first one without. Raises ModuleOff.

    ``expected`` is how many rows there are in all, where that is known: it decides how they
    are looked for, and that none are where there are none.
    """
    wanted = listing(tx, actor, query)
    if expected == 0:
        return ControlPage(rows=(), before=None, after=None)
    place = query.place
    backwards = place is not None and place.backwards
    # one more than asked for tells whether there is another page
    rows = tx.control.page(wanted, place, size=size + 1, is_dense=(expected or 0) >= DENSE)
    is_more = len(rows) > size
    rows = rows[-size:] if backwards else rows[:size]
    if not rows:
        return ControlPage(rows=(), before=None, after=None)
    has_before = is_more if backwards else place is not None
    return ControlPage(
        rows=tuple(rows),
        before=rows[0].place(backwards=True) if has_before else None,
        after=rows[-1].place() if backwards or is_more else None,
    )


def counts(tx: Transaction, actor: Actor, wanted: ControlFilter) -> ControlCounts:
    """Return how many dates a filter lists, by état and type. Raises ModuleOff."""
    return tx.control.counts(listing(tx, actor, ControlQuery(filter=wanted)))


def everything(
    tx: Transaction, actor: Actor, query: ControlQuery
) -> Generator[Sequence[ControlRow], None, None]:
    """Yield all rows that a query lists, in its order, in pieces. Raises ModuleOff.

    Whoever stops before the end closes it.
    """
    return tx.control.everything(listing(tx, actor, query))


def rows_of(tx: Transaction, actor: Actor, keys: Sequence[RowKey]) -> list[ControlRow]:
    """Return the rows with these keys that the actor may list, those of the corbeille too."""
    wanted = set(keys)
    query = ControlQuery(filter=ControlFilter(trash=Trash.INCLUDED))
    ids = sorted({key.appointment_id for key in keys})
    found = tx.control.some(listing(tx, actor, query), ids)
    return [row for row in found if row.key in wanted]


def listing(tx: Transaction, actor: Actor, query: ControlQuery) -> Listing:
    """Return what the statements of a query are made of, for this actor. Raises ModuleOff."""
    settings = tx.agency.settings()
    if not settings.module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    scope = access.scope_of(actor, settings)
    return Listing(
        filter=query.filter,
        scope=scope,
        zone=settings.time_zone,
        types=tx.agency.types(),
        sort=query.sort,
        descending=query.descending,
        sees_most=not (scope.everybody or scope.is_own) and tx.control.sees_most(scope),
    )


# -- filters that are kept ----------------------------------------------------------------


def saved_filters(tx: Transaction, actor: Actor) -> list[SavedFilter]:
    """Return the filters that the account keeps, by name."""
    return tx.saved_filters.of_account(actor.account.id)


def save_filter(
    tx: Transaction, actor: Actor, name: str, pairs: Sequence[tuple[str, str]], *, query: str
) -> None:
    """Keep a filter under a name, in place of one that the account has under it.

    ``pairs`` are what ``query`` says. Raises InvalidInput for a name that is empty or too
    long, too many filters, and InvalidFilter.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"a filter's name has 1 to {_LONGEST_NAME} printable characters")
    if len(query) > _LONGEST_QUERY:
        raise InvalidInput("the filter is too long to be kept")
    read_query(pairs)
    standing = saved_filters(tx, actor)
    if len(standing) >= MOST_SAVED and all(each.name != name for each in standing):
        raise InvalidInput(f"an account keeps {MOST_SAVED} filters at most")
    tx.saved_filters.save(actor.account.id, name, query)


def forget_filter(tx: Transaction, actor: Actor, filter_id: int) -> None:
    """Forget one of the account's filters. Raises UnknownObject."""
    if not tx.saved_filters.forget(actor.account.id, filter_id):
        raise UnknownObject(f"no filter {filter_id} of this account")
