"""The storefront: server-rendered pages over the source database, with recommendations and browse events.

`uvicorn storefront.main:app` serves it; `python -m storefront.schema` makes its own tables once, as set-up does.
"""
