"""THE DECISIONS: pure functions, values in, values out, `now` is an argument."""
