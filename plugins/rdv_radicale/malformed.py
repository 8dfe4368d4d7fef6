"""Requests that are malformed, whoever sends them."""

from __future__ import annotations

from http import HTTPStatus


class BadRequest(Exception):
    """The request itself is malformed; answered with 400, or ``status``, and the sentence."""

    def __init__(self, sentence: str, *, status: int = HTTPStatus.BAD_REQUEST) -> None:
        """Remember the sentence for the client."""
        super().__init__(sentence)
        self.status = status
