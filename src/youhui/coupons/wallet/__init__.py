"""What a customer has: listed, priced, used directly, taken away."""
