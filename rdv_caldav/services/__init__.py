"""The use cases: one function each, given an open transaction, an actor and domain values."""
