"""Pages on the site: loopback only, never without a token, every look written down."""
