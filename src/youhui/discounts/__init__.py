"""Discounts 折扣: a standing price cut for customers × products with a priority (the second seed document)."""
