"""Ways in: claimed, pushed, on registration, after payment, by code. Exactly once each."""
