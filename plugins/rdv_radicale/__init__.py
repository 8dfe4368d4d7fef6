"""CalDAV: our application and plugins on Radicale."""
