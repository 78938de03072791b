"""How a box becomes a site that the center trusts: its key, the slip, the pinned line."""
