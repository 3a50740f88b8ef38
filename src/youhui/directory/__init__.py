"""The directory 商城资料: our mirror of the shop's customers, groups, products and categories."""
