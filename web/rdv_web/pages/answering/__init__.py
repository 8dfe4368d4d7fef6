"""The page that the link in a mail opens: for guests, without a login.

The signed link itself lets in, and proves that a form is ours: nobody else knows it. Looking
changes nothing, since programs that check mails follow all links.
"""

from __future__ import annotations

from flask import Blueprint, Response

pages = Blueprint("answering", __name__, url_prefix="/r")


@pages.after_request
def keep_to_itself(response: Response) -> Response:
    """Tell neither search engines nor other sites of the link."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


from rdv_web.pages.answering import answers, stopping  # noqa: E402

__all__ = ["answers", "pages", "stopping"]
