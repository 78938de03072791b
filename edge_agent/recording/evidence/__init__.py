"""Footage that can stand as proof: hashes, signed manifests, scrub, export, verification."""
