"""A year of a real retailer, priced to the cent: see README.md here."""
