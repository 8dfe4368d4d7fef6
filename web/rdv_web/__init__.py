"""The agency's pages in a browser."""

from __future__ import annotations

from rdv_web.application import create_app

__all__ = ["create_app"]
