"""Requests as the pages read them: without what no text of a database can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, Request, abort, request
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items

_NUL = "\0"
"""PostgreSQL keeps no text with it, and no browser lets anybody type it."""


class Fields(ImmutableMultiDict[str, Any]):
    """Values of an address or of a form; text is without NUL."""

    def __init__(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        """Take over names and values."""
        pairs = iter_multi_items(items) if items is not None else ()
        super().__init__([(_clean(name), _clean(value)) for name, value in pairs])


class PanelRequest(Request):
    """A request to a page."""

    parameter_storage_class = Fields


def install(app: Flask) -> None:
    """Let the application read its requests so."""
    app.request_class = PanelRequest
    app.before_request(_check_path)


def _check_path() -> None:
    if _NUL in request.path:
        abort(404)


def _clean(value: Any) -> Any:  # noqa: ANN401 - uploads are values, too
    return value.replace(_NUL, "") if isinstance(value, str) else value
