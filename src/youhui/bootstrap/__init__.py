"""Puts the service together: the only place that knows every capability and every adapter."""

from youhui.bootstrap.building import Service, service
from youhui.bootstrap.coupons import Clock
from youhui.bootstrap.kinds import KINDS, kinds
from youhui.bootstrap.proofs import PROOFS, stored_terms

__all__ = ["KINDS", "PROOFS", "Clock", "Service", "kinds", "service", "stored_terms"]
