"""iCalendar: the only place that reads and writes it (RFC 5545)."""
