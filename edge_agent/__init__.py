"""edge_agent: the watch of one quarantine site, and its counterpart at the district."""

__version__ = "0.1.0"
