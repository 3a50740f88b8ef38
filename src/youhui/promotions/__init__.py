"""Promotions 促销活动: stored, listed, and given to checkout as rules."""
