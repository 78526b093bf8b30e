"""The pages for eyes, keyboards and screen readers: contrast, focus, names of controls, landmarks, headings."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from shop_world import Page, Shopper
from storefront.assets import assets

# (text, ground): every pair that the style sheet makes; links and prices stand on cards and on the page itself.
PAIRS = [
    ("ink", "paper"), ("ink", "ground"), ("soft", "paper"), ("soft", "ground"), ("accent", "paper"),
    ("accent", "ground"), ("accent-ink", "accent"), ("warn", "warn-ground"), ("warn", "paper"), ("warn", "ground"),
    ("good", "good-ground"), ("good", "paper"), ("good", "ground"),
]  # fmt: skip
PAGES = ("/", "/products", "/products?q=nowhere", "/products/S10_1", "/products/S18_3", "/cart", "/checkout", "/orders",
         "/operations", "/sign-in", "/sign-in?name=nobody", "/nowhere", "/products?page=0")  # fmt: skip
CSS = assets()["shop.css"].body.decode()


def colours(theme: str) -> dict[str, str]:
    """The variables of the light theme, or those with the dark one's over them."""
    light, _, dark = CSS.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#\w+);", light))
    return found | dict(re.findall(r"--([\w-]+): (#\w+);", dark.partition("\n}")[0])) if theme == "dark" else found


def luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_what_the_guideline_calls_so() -> None:
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(theme: str) -> None:
    found = colours(theme)
    ratios = {pair: contrast(found[pair[0]], found[pair[1]]) for pair in PAIRS}
    assert not {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5}
    assert contrast(found["soft"], found["paper"]) >= 3  # the edges of fields


def test_the_style_sheet_has_no_colour_besides_those_that_are_checked() -> None:
    rules = CSS.partition("* { box-sizing")[2]
    assert set(re.findall(r"(?<![-\w])color: ([^;]+);", rules)) <= {f"var(--{text})" for text, _ in PAIRS}
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb|hsl|opacity: 0", rules)
    assert set(colours("dark")) == set(colours("light"))


def test_focus_is_seen_and_the_skip_link_shows_itself() -> None:
    assert re.search(r":focus-visible \{ outline: 3px solid", CSS)
    assert re.findall(r"([^{}]+)\{[^}]*outline: none", CSS) == ["\nmain:focus "]
    assert re.search(r"\.skip:focus \{ left: 0\.5rem", CSS)


class Outline(HTMLParser):
    """Names of what can be used, headings, and landmarks, as assistive technology has them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.landmarks: list[str] = []
        self.first_link: str | None = None
        self.unnamed: list[str] = []
        self.ids: list[str] = []
        self.referred: list[str] = []
        self._open: list[tuple[str, str | None, list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("header", "nav", "main", "footer"):
            self.landmarks.append(tag)
        if tag == "a" and self.first_link is None:
            self.first_link = found.get("href")
        if tag in ("a", "button"):
            self._open.append((tag, found.get("aria-label"), []))
        self.ids += [value for value in [found.get("id")] if value]
        for name in ("aria-labelledby", "for", "aria-describedby"):
            self.referred += (found.get(name) or "").split()

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            _, label, texts = self._open.pop()
            seen = " ".join("".join(texts).split())
            if not (label or seen) or (label and seen not in label):
                self.unnamed.append(f"{tag} {label!r} {seen!r}")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_used_without_seeing_it(shopper: Shopper, path: str) -> None:
    shopper.sign_in().put("S10_1").put("S10_2")
    outline = Outline(shopper.http.get(path).text)
    assert outline.first_link == "#main"
    assert [one for one in outline.landmarks if one != "nav"] == ["header", "main", "footer"]
    assert outline.headings[0] == 1
    assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))
    assert not outline.unnamed  # a name, and one that begins with what is seen
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.referred) <= set(outline.ids)


def test_controls_that_look_alike_have_names_of_their_own(shopper: Shopper) -> None:
    text = shopper.put("S10_1").put("S10_2").get("/cart").text
    assert len(set(re.findall(r'aria-label="([^"]+)"', text))) == len(re.findall(r"<button.*aria-label", text)) + 1
    assert 'Quantity<span class="hidden"> of 1952 Alpine Renault</span>' in text


@pytest.mark.parametrize(
    ("path", "heading"), [("/nowhere", "Not found"), ("/products?page=0", "Please check what you entered")]
)
def test_what_is_wrong_is_said_in_words_with_a_way_out(shopper: Shopper, path: str, heading: str) -> None:
    page = Page(shopper.http.get(path).text)
    assert f"<h1>{heading}</h1>" in page.text
    assert page.title.startswith(heading)
    assert "/" in page.references
