"""The reports: one module each, decoding apart from doing."""
