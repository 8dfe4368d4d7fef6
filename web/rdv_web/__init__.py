"""The agency's pages in a browser."""
