"""Everything that can go wrong while recommending. Each error says what happened, where, and what to do.

RecommendationError
├── EventRefusedError            the bytes are no browse event; `field` says where
├── SettingsError                the function's environment lacks something
├── StoreError
│   ├── StoreUnavailableError    the vector database does not answer in time, or refuses the login
│   ├── SchemaMissingError       the database has not been set up
│   └── VersionRefusedError      a model version may not be loaded or go live
├── ModelMissingError            no model version is live, or its bytes cannot be read
├── ProductUnknownError          the live model does not know the product
└── ProfileRefusedError          a request that makes no sense; `field` says where
"""

from __future__ import annotations


class RecommendationError(Exception):
    """Base of all errors here: `message` says what and where, `remedy` what to do, `field` which input it was."""

    def __init__(self, message: str, remedy: str, field: str | None = None) -> None:
        super().__init__(f"{message} {remedy}")
        self.message, self.remedy, self.field = message, remedy, field


class EventRefusedError(RecommendationError):
    """The bytes are no browse event of a version that we know."""


class SettingsError(RecommendationError):
    """The environment of a function lacks a variable, or holds one that makes no sense."""


class StoreError(RecommendationError):
    """Base of what can go wrong with the vector database."""


class StoreUnavailableError(StoreError):
    """No answer within the time that a shopper waits."""


class SchemaMissingError(StoreError):
    """The database lacks our tables."""


class VersionRefusedError(StoreError):
    """The version does not fit, is incomplete, or finds too few of the true neighbours."""


class ModelMissingError(RecommendationError):
    """No model version can be served."""


class ProductUnknownError(RecommendationError):
    """The live model version has no such product."""


class ProfileRefusedError(RecommendationError):
    """A request that makes no sense."""
