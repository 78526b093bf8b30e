"""A picture for every product, drawn from its code and line: the same code gives the same picture, always."""

from __future__ import annotations

from hashlib import sha256
from html import escape
from urllib.parse import quote

from storefront.services.catalogue import Product

_WHEEL = '<circle cx="{x}" cy="172" r="{r}" fill="#20242b"/><circle cx="{x}" cy="172" r="{hub}" fill="#d9dde3"/>'
_SHAPES = {
    "plane": '<path d="M52 132q8-16 44-18l58-4 30-44h18l-14 44 62 4 20-26h16l-8 40q-40 14-106 14-84 2-120-10z" '
    'fill="{paint}"/><path d="M132 132l86 2-46 44h-22z" fill="{shade}"/><circle cx="92" cy="122" r="6" fill="#fff"/>',
    "ship": '<path d="M48 150h224l-30 46H82z" fill="{paint}"/><path d="M104 116h92v30h-92z" fill="#fff"/>'
    '<path d="M156 44v72M156 48l66 62h-66z" fill="{shade}" stroke="#20242b" stroke-width="3"/>'
    '<path d="M30 200q20-12 40 0t40 0 40 0 40 0 40 0 40 0" fill="none" stroke="{shade}" stroke-width="5"/>',
    "train": '<path d="M66 84h96v80H66z" fill="{paint}"/><path d="M162 110h82q16 0 16 20v34h-98z" fill="{shade}"/>'
    '<path d="M222 82h18v30h-18z" fill="#20242b"/><path d="M82 98h30v26H82zM122 98h28v26h-28z" fill="#fff"/>',
    "motorcycle": '<path d="M96 168l40-52h64l24 52M136 116l-20-22h-22M200 116l20-30h22" fill="none" '
    'stroke="{paint}" stroke-width="11" stroke-linecap="round"/><path d="M134 128h66l-22 36h-28z" fill="{shade}"/>',
    "bus": '<path d="M46 88q0-14 14-14h196q18 0 18 18v76H46z" fill="{paint}"/>'
    '<path d="M62 90h38v30H62zM110 90h38v30h-38zM158 90h38v30h-38zM206 90h38v30h-38z" fill="#fff"/>'
    '<path d="M46 136h228v10H46z" fill="{shade}"/>',
    "car": '<path d="M40 166q-4-34 26-40l36-4q26-38 62-38h26q30 0 52 38l22 6q22 6 20 38z" fill="{paint}"/>'
    '<path d="M118 122q18-26 46-26h6v26zM182 96h10q20 0 34 26h-44z" fill="#fff"/>'
    '<path d="M40 150h244v16H40z" fill="{shade}"/>',
}
_WHEELS = {
    "car": (98, 228), "bus": (98, 226), "motorcycle": (92, 232), "train": (90, 138, 186, 234), "plane": (), "ship": (),
}  # fmt: skip
_DRAWING = "1"  # another one when pictures are drawn otherwise
_KINDS = (("plane", "plane"), ("ship", "ship"), ("boat", "ship"), ("train", "train"), ("motor", "motorcycle"),
          ("truck", "bus"), ("bus", "bus"))  # fmt: skip


def picture_url(product: Product) -> str:
    """Names the content, so that browsers may keep it: another name or line of the product makes another URL."""
    return f"/products/{quote(product.code, safe='')}/picture.svg?v={picture_version(product)}"


def picture_version(product: Product) -> str:
    told = "\n".join((_DRAWING, product.code, product.line, product.name))
    return sha256(told.encode()).hexdigest()[:12]


def picture(code: str, line: str, name: str) -> str:
    """An SVG of 320 × 240 whose shape is the line's and whose colours are the code's."""
    digest = sha256(code.encode()).digest()
    hue = digest[0] * 360 // 256
    paint, shade = f"hsl({hue} 58% 46%)", f"hsl({hue} 62% 30%)"
    kind = kind_of(line)
    radius = 20 + digest[1] % 5
    wheels = "".join(_WHEEL.format(x=x, r=radius, hub=radius // 2 - digest[2] % 4) for x in _WHEELS[kind])
    ground = f"hsl({(hue + 30 + digest[3] % 90) % 360} 40% 92%)"
    sun = f'<circle cx="{40 + digest[4] % 240}" cy="{36 + digest[5] % 24}" r="{14 + digest[6] % 12}" fill="#fff"/>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240" role="img">'
        f"<title>{escape(name)}</title>"
        f'<rect width="320" height="240" fill="{ground}"/>{sun}'
        f'<path d="M0 192h320v48H0z" fill="hsl({hue} 18% 84%)"/>'
        f"{_SHAPES[kind].format(paint=paint, shade=shade)}{wheels}</svg>"
    )


def kind_of(line: str) -> str:
    """Which of our shapes stands for a product line; a car for lines that we do not know."""
    return next((kind for word, kind in _KINDS if word in line.casefold()), "car")
