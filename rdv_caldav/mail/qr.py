"""Addresses as pictures that phones read."""

from __future__ import annotations

import segno


def qr_svg(url: str) -> str:
    """Return a QR code as an SVG element without any style: dark on white, with its margin."""
    return segno.make_qr(url, error="m").svg_inline(
        scale=4, border=4, light="#ffffff", dark="#000000", omitsize=False
    )
