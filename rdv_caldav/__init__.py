"""One appointment book for a home-care agency, seen through everybody's own calendar."""
