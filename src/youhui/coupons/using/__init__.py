"""Direct use 直接核销, for a shop that keeps its own orders."""
