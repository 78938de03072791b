"""THE DISTRICT: takes in what sites send, stores it, and notices silence."""
