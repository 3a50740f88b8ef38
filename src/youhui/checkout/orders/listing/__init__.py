"""Lists of orders, for people who look at them."""
