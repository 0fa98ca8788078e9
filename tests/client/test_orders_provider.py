"""What the shop asks of Stripe, held against the types that Stripe's own package publishes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

import pytest
from stripe import StripeContext
from stripe.params import RefundCreateParams, RefundListParams
from stripe.params.checkout import SessionCreateParams, SessionExpireParams, SessionListParams
from typing_extensions import get_type_hints, is_typeddict

from app.orders import provider
from courses.orders.models import Order, OrderLine
from courses.units import Money


def faults(value: Any, kind: Any, path: str = "") -> list[str]:  # noqa: PLR0911
    """Where a value is not what a published type says: keys, what is required, literals, types."""
    origin = get_origin(kind)
    if origin in (NotRequired, Required):
        return faults(value, get_args(kind)[0], path)
    if is_typeddict(kind):
        if not isinstance(value, dict):
            return [f"{path}: not an object"]
        hints = get_type_hints(kind, localns={"StripeContext": StripeContext, "Mapping": Mapping})
        unknown = [f"{path}.{key}: no such parameter" for key in value if key not in hints]
        missing = [f"{path}.{key}: required" for key in kind.__required_keys__ if key not in value]
        return unknown + missing + [f for key in value if key in hints for f in faults(value[key], hints[key], f"{path}.{key}")]
    if origin in (Union, UnionType):
        found = [faults(value, one, path) for one in get_args(kind)]
        return [] if any(not one for one in found) else min(found, key=len)
    if origin is Literal:
        return [] if value in get_args(kind) else [f"{path}: {value!r} is none of its values"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: not a list"]
        return [f for n, one in enumerate(value) for f in faults(one, get_args(kind)[0], f"{path}[{n}]")]
    if origin is not None:
        return [] if isinstance(value, origin) else [f"{path}: no {origin.__name__}"]
    return [] if isinstance(value, kind) and not isinstance(value, bool) else [f"{path}: {value!r} is no {kind.__name__}"]


def order() -> Order:
    """Two lines, one of several seats with a discount that its quantity does not divide."""
    lines = [
        OrderLine(title="用电安全", quantity=1, unit_minor=12_000, discount_minor=0, currency="CNY"),
        OrderLine(title="高处作业", quantity=3, unit_minor=5_000, discount_minor=1_000, currency="CNY"),
        OrderLine(title="免费课", quantity=1, unit_minor=0, discount_minor=0, currency="CNY"),
    ]
    return Order(id="order", amount_minor=26_000, currency="CNY", lines=lines)


NOW = datetime(2026, 6, 1, tzinfo=UTC)
CASES = [
    (provider.checkout_parameters(order(), success_url="https://a", cancel_url="https://b", locale="zh_CN"), SessionCreateParams),
    (provider.refund_parameters(refund_id="r", intent_id="pi_1", amount=Money(7_200, "CNY")), RefundCreateParams),
    (provider.list_parameters(from_at=NOW, to_at=NOW), SessionListParams),
    (provider.list_parameters(from_at=NOW, to_at=NOW), RefundListParams),
    ({}, SessionExpireParams),
]


@pytest.mark.parametrize(("asked", "published"), CASES, ids=[kind.__name__ + str(n) for n, (_a, kind) in enumerate(CASES)])
def test_requests_are_what_stripes_package_publishes(asked: dict[str, Any], published: Any) -> None:
    assert faults(asked, published) == []


def test_a_wrong_request_would_be_seen() -> None:
    asked = CASES[0][0]
    assert faults(asked | {"payment_methods": []}, SessionCreateParams) == [".payment_methods: no such parameter"]
    assert faults(asked | {"line_items": [{"quantity": "1"}]}, SessionCreateParams) != []


def test_the_lines_of_a_checkout_sum_to_the_order() -> None:
    items = CASES[0][0]["line_items"]
    assert sum(item["quantity"] * item["price_data"]["unit_amount"] for item in items) == order().amount_minor
    assert len(items) == 2  # what is free is not charged
