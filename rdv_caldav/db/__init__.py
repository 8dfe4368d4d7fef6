"""The one SQL database: tables, transactions, and a repository per subject."""
