"""Codes 兑换码: generated, imported, exported, redeemed."""
