"""The directory 商城资料: our mirror of the shop's customers, products and categories."""
