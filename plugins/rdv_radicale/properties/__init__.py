"""The properties of resources: a registry, and one module for each vocabulary."""
