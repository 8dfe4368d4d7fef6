"""A browser without a screen: Flask's test client, with the tokens that forms carry."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from support.small_agency import PASSWORD

_TOKEN = re.compile(r'name="csrf_token" [^>]*value="([^"]+)"')


class PanelClient(FlaskClient):
    """Sends forms as a browser does that has just shown a page of the panel."""

    def token(self) -> str:
        """Return the token of this browser's forms."""
        found = _TOKEN.search(self.get("/connexion").text)
        assert found is not None, "the login page carries a token"
        return found.group(1)

    def post_form(self, url: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form of a page of ours; redirects are followed unless told otherwise."""
        more.setdefault("follow_redirects", True)
        headers = {"Sec-Fetch-Site": "same-origin", **more.pop("headers", {})}
        fields = {**(data or {}), "csrf_token": self.token()}
        return self.post(url, data=fields, headers=headers, **more)

    def post_stale(self, url: str, data: dict[str, Any], *, login: str) -> TestResponse:
        """Send a form that stands there since before ``login`` logged in."""
        fields = {**data, "csrf_token": self.token()}
        self.post_form("/deconnexion")
        self.log_in(login)
        return self.post(url, data=fields, headers={"Sec-Fetch-Site": "same-origin"})

    def log_in(self, login: str, password: str = PASSWORD) -> None:
        """Log in by the login page."""
        answer = self.post_form(
            "/connexion", {"login": login, "password": password}, follow_redirects=False
        )
        assert answer.status_code == 302, answer.text


def words_of(answer: TestResponse) -> str:
    """Return what a page says, without its tags and its menu."""
    main = answer.text.partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
