"""PACKETS → OBSERVATIONS: decoder, detector, faces, stills, worker."""
