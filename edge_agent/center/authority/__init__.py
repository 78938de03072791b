"""The center's small certificate authority: who may be a site, a server, or the center itself."""
