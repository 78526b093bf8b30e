"""The storefront: server-rendered pages over the source database, with recommendations and browse events.

`uvicorn storefront.main:app` serves it; its own tables come with `retail load-source` or `retail shop-tables`.
"""
