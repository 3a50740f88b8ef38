"""Coupons 优惠券: templates and their terms, issued coupons, codes, and what orders do with them."""
