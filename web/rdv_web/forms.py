"""What all forms of the panel have in common.

A form says what was wrong beside each field and keeps what was typed; WTForms' own messages
come in the language of the page. Tokens against forged requests are checked for every POST
by :mod:`rdv_web.sessions`.
"""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import Field


class Form(FlaskForm):  # type: ignore[misc]
    """Base of all forms."""


def refuse(field: Field, words: str) -> None:
    """Say that a field's value cannot be used, after its own validation."""
    field.errors = [*field.errors, words]
