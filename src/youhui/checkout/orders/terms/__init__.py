"""What becomes of counters when the terms of a promotion are saved, and what they say of it."""
