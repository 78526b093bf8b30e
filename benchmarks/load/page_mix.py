"""What visitors ask a running shop for, found by visiting it: no knowledge of its database, and real sessions."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import httpx

from load.wrk import Ask

DRAWN, LOOKED_AT, SHOPPERS = 4_000, 5, 20


def page_mix(url: str, seed: int = 7) -> list[Ask]:
    """(path, cookie) of requests: two thirds of the pages without a session, as strangers and their browsers ask."""
    chance = random.Random(seed)
    with httpx.Client(base_url=url, follow_redirects=True, timeout=10) as client:
        first = client.get("/products").raise_for_status().text
        pages = [client.get(f"/products?page={number}").raise_for_status().text for number in range(1, 6)]
    products = list(dict.fromkeys(found for page in pages for found in re.findall(r'href="(/products/[^"?/]+)"', page)))
    pictures = [found for page in pages for found in re.findall(r'src="(/products/[^"]+picture\.svg[^"]*)"', page)]
    parts = re.findall(r'(?:href|src)="(/static/[^"]+)"', first)
    lines = list(dict.fromkeys(re.findall(r'value="([^"]+)"', "".join(re.findall("<option[^>]*>", first)))))
    listing = [f"/products?page={number}" for number in range(1, 9)]
    listing += [str(httpx.URL("/products", params={"line": line})) for line in lines]
    listing += [f"/products?q={word}" for word in ("ford", "1957", "plane", "harley", "nothing")]
    popular = [products[min(int(chance.paretovariate(0.7)), len(products)) - 1] for _ in range(400)]
    looked = [_session(url, chance.sample(products, LOOKED_AT)) for _ in range(SHOPPERS)]
    known = [_session(url, chance.sample(products, LOOKED_AT), sign_in=True) for _ in range(SHOPPERS)]
    kinds: list[tuple[int, Sequence[str], Sequence[str]]] = [
        (14, ["/"], [""]),
        (24, listing, [""]),
        (10, popular, [""]),
        (10, popular, looked),
        (16, pictures, [""]),
        (8, parts, [""]),
        (3, ["/"], looked),
        (6, ["/cart"], known),
        (4, ["/"], known),
        (3, listing, known),
        (2, ["/orders"], known),
    ]
    drawn = chance.choices(kinds, weights=[weight for weight, *_ in kinds], k=DRAWN)
    return [(chance.choice(paths), chance.choice(cookies)) for _, paths, cookies in drawn]


def _session(url: str, looked_at: Sequence[str], *, sign_in: bool = False) -> str:
    """The cookie of a visitor who has looked at these products and put the last one into the cart."""
    with httpx.Client(base_url=url, follow_redirects=True, timeout=10) as client:
        if sign_in:
            page = client.get("/sign-in").raise_for_status().text
            numbers = re.findall(r'name="customer_number" value="(\d+)"', page)
            _send(client, "/sign-in", page, customer_number=random.Random(looked_at[0]).choice(numbers))
        for path in looked_at:
            page = client.get(path).raise_for_status().text
        if 'name="quantity"' in page:
            _send(client, "/cart", page, code=looked_at[-1].rpartition("/")[2], quantity="1")
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _send(client: httpx.Client, path: str, page: str, **fields: str) -> None:
    (token, *_) = re.findall(r'name="csrf" value="([^"]+)"', page)
    answer = client.post(path, data={"csrf": token, **fields}, headers={"origin": str(client.base_url)})
    answer.raise_for_status()
