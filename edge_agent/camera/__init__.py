"""WHERE STREAMS COME FROM: discovery, ONVIF, the inventory of this site."""
