"""Where an order can stand and how it moves: the one table of transitions. Pure."""

from enum import StrEnum


class OrderState(StrEnum):
    """Where an order stands."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"  # every seat of it was given back; a part given back leaves it paid


TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.OPEN: frozenset({OrderState.PAID, OrderState.EXPIRED, OrderState.CANCELLED}),
    # Money that arrives for an expired order still buys the course: the payer did nothing wrong.
    OrderState.EXPIRED: frozenset({OrderState.PAID}),
    OrderState.CANCELLED: frozenset(),
    OrderState.PAID: frozenset({OrderState.REFUNDED}),
    OrderState.REFUNDED: frozenset(),
}


class Method(StrEnum):
    """How an order is paid."""

    PROVIDER = "provider"
    TRANSFER = "transfer"
    FREE = "free"


class Outcome(StrEnum):
    """How the work on a payment or an event ended; those in `NEEDS_STAFF` wait for a person."""

    PAID = "paid"
    ALREADY_PAID = "already_paid"
    EXPIRED = "expired"
    IGNORED = "ignored"
    NOT_ENROLLED = "not_enrolled"
    UNKNOWN_ORDER = "unknown_order"
    AMOUNT_DIFFERS = "amount_differs"
    ORDER_CANCELLED = "order_cancelled"
    PAID_TWICE = "paid_twice"


STRAY = frozenset(
    {Outcome.UNKNOWN_ORDER, Outcome.AMOUNT_DIFFERS, Outcome.ORDER_CANCELLED, Outcome.PAID_TWICE}
)  # money that came in and buys nothing
NEEDS_STAFF = STRAY | {Outcome.NOT_ENROLLED}
