"""The only module that speaks to Stripe, by its own library; the twin is addressed by the same calls."""

import hashlib
import hmac
from datetime import datetime
from typing import Any, cast

import stripe
from flask import current_app, has_request_context, request

from app.settings import Settings
from courses.orders.models import Order, OrderLine
from courses.orders.reconciling import PAYMENT, REFUND, Item
from courses.units import Money

# Methods that Stripe offers for CNY; WeChat Pay on the web shows a code to scan.
PAYMENT_METHODS = ["card", "alipay", "wechat_pay"]
TWIN_PATH = "/orders/twin"
TIMEOUT_S = 20


def settings() -> Settings:
    """This application's settings."""
    return cast(Settings, current_app.extensions["xueshi_settings"])


def is_twin(settings: Settings) -> bool:
    """Without a key, the local twin plays Stripe's part."""
    return not settings.stripe_key


def twin_key(settings: Settings) -> str:
    """The key that the twin accepts: this installation's own, of no use anywhere else."""
    return "sk_twin_" + hmac.digest(settings.secret_key, b"twin key", "sha256").hex()


def webhook_secret(settings: Settings) -> str:
    """What signs webhooks: Stripe's secret, or the twin's own."""
    if not is_twin(settings):
        return settings.stripe_webhook_secret
    return "whsec_" + hmac.digest(settings.secret_key, b"twin webhook", "sha256").hex()


def client(settings: Settings) -> stripe.StripeClient:
    """Stripe's own client, pointed at Stripe, at `XUESHI_STRIPE_API_BASE`, or at the twin."""
    base = settings.stripe_api_base
    if is_twin(settings) and not base:
        here = request.host_url.rstrip("/") if has_request_context() else settings.effective_public_url
        base = here + TWIN_PATH
    return stripe.StripeClient(
        settings.stripe_key or twin_key(settings),
        base_addresses={"api": base} if base else {},
        http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
        max_network_retries=2,
    )


def line_item(line: OrderLine) -> dict[str, Any]:
    """A line as Stripe takes it; a discounted one in one piece, for its unit may be no whole number."""
    in_one = line.discount_minor > 0
    return {
        "quantity": 1 if in_one else line.quantity,
        "price_data": {
            "currency": line.price.currency.lower(),
            "unit_amount": line.price.minor if in_one else line.unit_minor,
            "product_data": {
                "name": f"{line.title} × {line.quantity}" if in_one and line.quantity > 1 else line.title
            },
        },
    }


def checkout_parameters(order: Order, *, success_url: str, cancel_url: str, locale: str) -> dict[str, Any]:
    """What Stripe is asked for a Checkout page of an order."""
    return {
        "mode": "payment",
        "client_reference_id": order.id,
        "metadata": {"order": order.id},
        "allowed_payment_method_types": PAYMENT_METHODS,
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        "line_items": [line_item(line) for line in order.lines if line.price.minor],
        "locale": "zh" if locale.startswith("zh") else "en",
        "success_url": success_url,
        "cancel_url": cancel_url,
    }


def start_checkout(settings: Settings, order: Order, *, success_url: str, cancel_url: str, locale: str) -> Any:
    """Open a Checkout page for an order; the same order at the same try gives the same page."""
    parameters = checkout_parameters(order, success_url=success_url, cancel_url=cancel_url, locale=locale)
    asked = hashlib.sha256(f"{success_url}|{cancel_url}|{parameters['locale']}".encode()).hexdigest()[:16]
    return client(settings).v1.checkout.sessions.create(
        cast(Any, parameters), {"idempotency_key": f"checkout-{order.id}-{asked}"}
    )


def expire_checkout(settings: Settings, checkout_id: str) -> None:
    """Close a Checkout page that nobody is to pay on any more."""
    client(settings).v1.checkout.sessions.expire(
        checkout_id, options={"idempotency_key": f"expire-{checkout_id}"}
    )


def refund_parameters(*, refund_id: str, intent_id: str, amount: Money) -> dict[str, Any]:
    """What Stripe is asked for a refund."""
    return {"payment_intent": intent_id, "amount": amount.minor, "metadata": {"refund": refund_id}}


def send_refund(settings: Settings, *, refund_id: str, turn: int, intent_id: str, amount: Money) -> Any:
    """Give money back; the same refund in the same round is sent once, however often it is asked for."""
    parameters = refund_parameters(refund_id=refund_id, intent_id=intent_id, amount=amount)
    return client(settings).v1.refunds.create(
        cast(Any, parameters), {"idempotency_key": f"refund-{refund_id}-{turn}"}
    )


def money(told: Any, field: str) -> Money:
    """An amount as Stripe writes it."""
    return Money(int(told[field]), str(told["currency"]).upper())


def list_parameters(*, from_at: datetime, to_at: datetime) -> dict[str, Any]:
    """What Stripe is asked for a list: whatever was made in `[from_at, to_at)`."""
    return {"created": {"gte": int(from_at.timestamp()), "lt": int(to_at.timestamp())}, "limit": 100}


def listed(settings: Settings, *, from_at: datetime, to_at: datetime) -> tuple[list[Item], dict[str, Any]]:
    """What Stripe lists as paid and refunded in a time, and the paid checkouts by their numbers."""
    asked = cast(Any, list_parameters(from_at=from_at, to_at=to_at))
    api = client(settings).v1
    paid = {
        one.id: one.to_dict()
        for one in api.checkout.sessions.list(asked).auto_paging_iter()
        if one.payment_status == "paid" and one.client_reference_id
    }
    refunds = [one.to_dict() for one in api.refunds.list(asked).auto_paging_iter()]
    items = [Item(PAYMENT, name, money(one, "amount_total")) for name, one in paid.items()]
    items += [Item(REFUND, one["id"], money(one, "amount")) for one in refunds if one["status"] in ("succeeded", "pending")]
    return items, paid
