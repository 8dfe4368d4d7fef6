"""Feeds: the address that programs read, and the page on which such addresses are made."""

from __future__ import annotations

import gzip
from contextlib import suppress
from http import HTTPStatus

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from rdv_caldav.domain.errors import (
    InvalidInput,
    LinkRevoked,
    LostRace,
    ModuleOff,
    UnknownObject,
)
from rdv_caldav.services import access, feeds
from rdv_caldav.services.feeds import DAYS_AFTER, DAYS_BEFORE, LONGEST_LABEL, OpenFeed
from rdv_web import work

pages = Blueprint("feeds", __name__, url_prefix="/flux")

_MAX_AGE = 300
_WORTH_PACKING = 1400
_WORDS: dict[type[Exception], tuple[int, str]] = {
    LinkRevoked: (HTTPStatus.GONE, "This feed was revoked."),
    UnknownObject: (HTTPStatus.NOT_FOUND, "There is no such feed."),
    ModuleOff: (HTTPStatus.NOT_FOUND, "There are no calendars here at present."),
}


@pages.get("/<secret>.ics")
def feed(secret: str) -> Response:
    """Give a calendar to a program; 304 where it has what there is, without reading any of it."""
    now = work.now()
    try:
        with work.reading() as tx:
            opened = feeds.open_feed(tx, secret, now=now)
            response = _validated(opened)
            if response.status_code != HTTPStatus.NOT_MODIFIED and request.method == "GET":
                _fill(response, "".join(feeds.read(tx, opened)).encode())
    except (LinkRevoked, UnknownObject, ModuleOff) as error:
        status, words = _WORDS[type(error)]
        return Response(f"{words}\n", status=status, mimetype="text/plain")
    if feeds.is_to_be_noted(opened.feed, now=now):
        program = request.headers.get("User-Agent", "")
        with suppress(LostRace):  # the next reading will do
            work.write(lambda tx: feeds.note_use(tx, opened.feed, program=program, now=now))
    return response


def _validated(opened: OpenFeed) -> Response:
    response = Response(content_type="text/calendar; charset=utf-8")
    # weak, since it is the same whether the answer is packed or not (RFC 9110 §8.8.3)
    response.headers["ETag"] = f"W/{opened.etag}"
    response.last_modified = opened.last_modified
    response.headers["Cache-Control"] = f"private, max-age={_MAX_AGE}"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    name = f"{opened.person.slug}.ics"
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.make_conditional(request.environ)
    return response


def _fill(response: Response, text: bytes) -> None:
    if len(text) > _WORTH_PACKING and request.accept_encodings["gzip"] > 0:
        response.headers["Content-Encoding"] = "gzip"
        text = gzip.compress(text, 1)
    response.data = text


# -- having some ---------------------------------------------------------------------------


@pages.get("/de/<slug>")
def listing(slug: str) -> str:
    """List the feeds of a calendar."""
    return _page(slug)


@pages.post("/de/<slug>")
def create(slug: str) -> str | tuple[str, int]:
    """Make a feed, and show its address this once."""
    actor, now = work.actor(), work.now()
    label, is_masked = request.form.get("label", ""), request.form.get("what") == "busy"
    try:
        secret = work.write(
            lambda tx: feeds.create(tx, actor, slug, label=label, is_masked=is_masked, now=now)
        )
    except InvalidInput:
        return _page(slug, refused=True, label=label, is_masked=is_masked), 422
    root = (work.book().settings.public_url or request.host_url).rstrip("/")
    return _page(slug, address=root + url_for("feeds.feed", secret=secret))


@pages.post("/de/<slug>/<int(max=2147483647):feed_id>/revoquer")
def revoke(slug: str, feed_id: int) -> AnyResponse:
    """Make the address of a feed void."""
    actor, now = work.actor(), work.now()
    work.write(lambda tx: feeds.revoke(tx, actor, slug, feed_id, now=now))
    flash(_("Le flux est révoqué : son adresse ne donne plus rien."), "success")
    return redirect(url_for("feeds.listing", slug=slug))


def _page(
    slug: str,
    *,
    address: str = "",
    refused: bool = False,
    label: str = "",
    is_masked: bool = False,
) -> str:
    actor = work.actor()
    with work.reading() as tx:
        person, standing = feeds.listed(tx, actor, slug)
    return render_template(
        "account/feeds.html",
        person=person,
        is_own=person.id == actor.person_id,
        has_fiche=access.may_see_fiche(actor, person),
        feeds=standing,
        address=address,
        # drawn here, of an address of our own: nothing of it was typed by anybody
        picture=Markup(feeds.as_picture(address)) if address else "",  # noqa: S704
        refused=refused,
        label=label,
        is_masked=is_masked,
        DAYS_BEFORE=DAYS_BEFORE,
        DAYS_AFTER=DAYS_AFTER,
        LONGEST_LABEL=LONGEST_LABEL,
    )
