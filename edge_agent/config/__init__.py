"""YAML → frozen Config slices; every error at once."""
