"""The only module that speaks to Stripe, by its own library; the twin is addressed by the same calls."""

import hashlib
import hmac
from typing import Any, cast

import stripe
from flask import request

from app.settings import Settings
from courses.orders.models import Order, OrderLine

# Methods that Stripe offers for CNY; WeChat Pay on the web shows a code to scan.
PAYMENT_METHODS = ["card", "alipay", "wechat_pay"]
TWIN_PATH = "/orders/twin"
TIMEOUT_S = 20


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
        base = request.host_url.rstrip("/") + TWIN_PATH
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


def start_checkout(settings: Settings, order: Order, *, success_url: str, cancel_url: str, locale: str) -> Any:
    """Open a Checkout page for an order; the same order at the same try gives the same page."""
    chinese = locale.startswith("zh")
    asked = hashlib.sha256(f"{success_url}|{cancel_url}|{chinese}".encode()).hexdigest()[:16]
    parameters = {
        "mode": "payment",
        "client_reference_id": order.id,
        "metadata": {"order": order.id},
        "payment_method_types": PAYMENT_METHODS,
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        "line_items": [line_item(line) for line in order.lines if line.price.minor],
        "locale": "zh" if chinese else "en",
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    return client(settings).v1.checkout.sessions.create(
        cast(Any, parameters), {"idempotency_key": f"checkout-{order.id}-{asked}"}
    )
