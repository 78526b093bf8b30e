"""Everything that can go wrong in the shop. Each error says what happened, where, and what to do.

StorefrontError
├── SettingsError                the environment lacks something
├── SecretUnavailableError       a secret cannot be read, or holds nothing usable
├── DatabaseUnavailableError     the source database does not answer in time, or refuses the login
├── RecommendationsError         retail-inference did not answer in time, or answered nonsense
├── RequestRefusedError          a request that makes no sense; `field` says where
└── CheckoutError                nothing was ordered
    ├── PricesChangedError       a price is not the one that the shopper saw
    └── StockShortError          less is in stock than was asked for
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal


class StorefrontError(Exception):
    """Base of all errors here: `message` says what and where, `remedy` what to do, `field` which input it was."""

    def __init__(self, message: str, remedy: str, field: str | None = None) -> None:
        super().__init__(f"{message} {remedy}")
        self.message, self.remedy, self.field = message, remedy, field


class SettingsError(StorefrontError):
    """The environment lacks a variable, or holds one that makes no sense."""


class SecretUnavailableError(StorefrontError):
    """Secrets Manager does not answer, or the secret is empty."""


class DatabaseUnavailableError(StorefrontError):
    """No answer within the time that a shopper waits."""


class RecommendationsError(StorefrontError):
    """No recommendations within the budget."""


class RequestRefusedError(StorefrontError):
    """A request that makes no sense."""


class CheckoutError(StorefrontError):
    """Base of what stops an order; the transaction was rolled back."""


class PricesChangedError(CheckoutError):
    """`prices` holds what the server asks for each product whose price the shopper has not seen."""

    def __init__(self, prices: Mapping[str, Decimal]) -> None:
        super().__init__("Prices have changed since you saw them.", "Look at the new total and confirm it.")
        self.prices = dict(prices)


class StockShortError(CheckoutError):
    """`available` holds, by product code, what is left of those that are short; 0 for a product that is gone."""

    def __init__(self, available: Mapping[str, int]) -> None:
        super().__init__("Some products are no longer in stock as you want them.", "Change their quantities.")
        self.available = dict(available)
