"""What `youhui check` proves of coupons: they are where the orders and the ledger say, and as many as were issued."""
