"""Files that lists are exported to. Each format is a module; none knows where rows come from."""
