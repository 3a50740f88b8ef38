"""Youhui (优惠): discounts, coupons, promotions and group-buying, priced exactly, explained, never oversold."""
