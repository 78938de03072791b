"""THE WORDS: frozen values that every room may speak. Standard library only."""
