"""*Mes appareils*: a password for each telephone or program, and taking it back."""

from __future__ import annotations

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Account, Role
from rdv_caldav.domain.devices import LONGEST_LABEL, MOST_DEVICES
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import devices as service
from rdv_web import work
from rdv_web.pages.account import pages

_DEVICE = "/appareils/de/<login>/<int(max=2147483647):device_id>/revoquer"


@pages.get("/appareils")
def devices() -> str:
    """List one's own devices, and to an administrateur whose others there are."""
    return _page(work.actor().account.login)


@pages.get("/appareils/de/<login>")
def devices_of(login: str) -> str:
    """List the devices of an account."""
    return _page(login)


@pages.post("/appareils")
def make_device() -> str | tuple[str, int]:
    """Make a password for a device, and show it this once."""
    actor, now = work.actor(), work.now()
    label = request.form.get("label", "")
    try:
        secret = work.write(lambda tx: service.make(tx, actor, label, now=now))
    except InvalidInput:
        page = _page(actor.account.login, label=label, refused=True)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(actor.account.login, label=label.strip(), secret=secret)


@pages.get(_DEVICE)
def confirm_revocation(login: str, device_id: int) -> str:
    """Ask whether a device is to be shut out."""
    actor = work.actor()
    with work.reading() as tx:
        account = _account(tx, login)
        device = service.device_of(tx, account, device_id)
    is_own = account.id == actor.account.id
    return render_template(
        "account/revoke_device.html", device=device, login=account.login, is_own=is_own
    )


@pages.post(_DEVICE)
def revoke_device(login: str, device_id: int) -> Response:
    """Shut a device out."""
    actor, now = work.actor(), work.now()
    device = work.write(
        lambda tx: service.revoke(tx, actor, _account(tx, login), device_id, now=now)
    )
    flash(_("« %(label)s » n’a plus accès aux agendas.", label=device.label), "success")
    if login == actor.account.login:
        return redirect(url_for("account.devices"))
    return redirect(url_for("account.devices_of", login=login))


def _account(tx: Transaction, login: str) -> Account:
    """Return whose devices the page is about: one's own, or an administrateur looks at others'."""
    actor = work.actor()
    if login == actor.account.login:
        return actor.account
    return service.of_login(tx, actor, login.replace("\0", ""))


def _page(login: str, *, label: str = "", secret: str = "", refused: bool = False) -> str:
    actor = work.actor()
    with work.reading() as tx:
        account = _account(tx, login)
        is_own = account.id == actor.account.id
        shows_others = is_own and actor.account.role is Role.ADMINISTRATEUR
        policy = tx.agency.settings().account_password_on_caldav
        values = {
            "devices": service.listed(tx, account),
            "others": service.counts(tx, actor) if shows_others else (),
            "takes_password": policy.takes(has_had_device=tx.devices.has_had(account.id)),
            "policy": policy,
        }
    root = (work.book().settings.public_url or request.host_url).rstrip("/")
    return render_template(
        "account/devices.html",
        **values,
        login=account.login,
        is_own=is_own,
        caldav_url=f"{root}/dav/",
        label=label,
        secret=secret,
        refused=refused,
        LONGEST_LABEL=LONGEST_LABEL,
        MOST_DEVICES=MOST_DEVICES,
    )
