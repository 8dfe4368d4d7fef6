"""What stands in the tree: root, homes, calendars, folders and what they hold."""
