"""Buying: cart, coupons, orders with frozen prices, payments, refunds, and the books that balance."""
