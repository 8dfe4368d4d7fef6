"""CalDAV: our WSGI application on Radicale, and the plugins that Radicale itself can load."""
