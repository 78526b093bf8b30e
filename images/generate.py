"""Draws the pictures of the documentation: `make docs`, or python images/generate.py [--dashboard] [--shop].

architecture and star_schema are drawn from what is written here and in batch_etl.schemas. With --dashboard the
dashboard is opened in a browser, with --shop the shop, on the data of the local AWS that the environment names
(`eval "$(make -s env)"`).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import matplotlib as mpl
from batch_etl.schemas import DIMENSIONS, FACTS, GRAIN
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

IMAGES = Path(__file__).resolve().parent
sys.path.insert(0, str(IMAGES.parent / "tests" / "browser"))  # its browser takes the pictures
BLUE, GREEN, GREY, INK, PAPER = "#0072B2", "#009E73", "#767676", "#222222", "#FFFFFF"
PALE_BLUE, PALE_GREEN, PALE_GREY = "#E6F1F8", "#E5F5F0", "#F2F2F2"
Box = tuple[float, float, float, float]  # left, bottom, width, height


def main() -> None:
    # A second run writes the same bytes: no date, and ids that do not vary.
    mpl.rcParams["svg.hashsalt"] = "retail"
    mpl.rcParams["svg.fonttype"] = "none"
    save(architecture(), "architecture")
    save(star_schema(), "star_schema")
    if "--dashboard" in sys.argv[1:]:
        picture_dashboard(IMAGES / "dashboard.png")
    if "--shop" in sys.argv[1:]:
        picture_shop(os.environ["STOREFRONT_URL"])


def save(figure: Figure, name: str) -> None:
    figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None})
    figure.savefig(IMAGES / f"{name}.png", dpi=110, metadata={"Software": None})


def sheet(width: float, height: float) -> tuple[Figure, Axes]:
    """Axes whose units are inches, without any decoration."""
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    return figure, axes


def box(axes: Axes, place: Box, title: str, *lines: str, fill: str = PALE_BLUE, edge: str = BLUE) -> None:
    """A box with a title and lines under it."""
    left, bottom, width, height = place
    shape = FancyBboxPatch((left, bottom), width, height, boxstyle="round,pad=0,rounding_size=0.08")
    shape.set(facecolor=fill, edgecolor=edge, linewidth=1.4)
    axes.add_patch(shape)
    axes.text(left + 0.14, bottom + height - 0.14, title, va="top", fontsize=11.5, fontweight="bold", color=INK)
    for number, line in enumerate(lines):
        axes.text(left + 0.14, bottom + height - 0.47 - 0.24 * number, line, va="top", fontsize=9.5, color=INK)


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], label: str = "", above: float = 0.1
) -> None:
    style = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + above)
    axes.text(*middle, label, ha="center", va="bottom", fontsize=9, color=GREY)


def laptop(axes: Axes, place: Box, engine: str) -> None:
    """What runs it on a laptop, in the lane under the boxes."""
    left, bottom, width, height = place
    shape = FancyBboxPatch((left, bottom), width, height, boxstyle="round,pad=0,rounding_size=0.08")
    shape.set(facecolor=PALE_GREEN, edgecolor=GREEN, linewidth=1.2)
    axes.add_patch(shape)
    axes.text(left + width / 2, bottom + height / 2, engine, ha="center", va="center", fontsize=9.5, color=INK)


# From the top: a source, and what takes it in.
SOURCES = (
    (("Source database", "RDS MySQL 8.4, private:", "orders, customers, products …"),
     ("retail-etl-job", "Glue 5.1: one snapshot, the star,", "audited, all tables or none")),
    (("Store files", "landing bucket:", "CSV, JSON, XLSX, packed or not"),
     ("retail-file-ingestion", "SQS, Step Functions, Glue:", "a contract, each key once")),
    (("API and clicks", "orders page by page;", "browse events from Kinesis"),
     ("api-fetch, two Glue jobs", "bronze to silver to gold:", "each record once, marts")),
    (("Transaction feed", "landing bucket: JSON,", "every five minutes"),
     ("transaction-transformer", "Lambda: Parquet at once,", "totals in DynamoDB")),
)  # fmt: skip
READERS = (
    ("Athena", "business questions,", "dashboard: notebook and app"),
    ("PostgreSQL warehouse", "RDS, gold merged by key", "in one transaction"),
    ("Redshift Serverless", "where it is switched on:", "BI queries on the lake"),
)
CONTROL = (
    (3.7, 3.0, "retail-nightly, retail-hourly", "Step Functions, Glue workflow", "or Airflow, by the clock"),
    (7.7, 2.5, "retail-alerts", "SNS: counts, or reasons", "CloudWatch alarms"),
)
ENGINES = (
    (0.3, 2.7, "MariaDB 11.4, files"),
    (3.7, 3.0, "Spark 3.5.6, Python"),
    (7.7, 2.5, "files on disk, Glue catalog"),
    (10.9, 2.6, "Trino 476, PostgreSQL 18"),
)
ROWS, HEIGHT = (6.05, 4.85, 3.65, 2.45), 1.0  # bottoms of the sources' boxes


def architecture() -> Figure:
    """From the sources to those who ask, with what runs each part on a laptop."""
    figure, axes = sheet(13.8, 8.6)
    for left, width, title, *lines in CONTROL:
        box(axes, (left, 7.4, width, 1.0), title, *lines, fill=PALE_GREY, edge=GREY)
    for bottom, (source, intake) in zip(ROWS, SOURCES, strict=True):
        box(axes, (0.3, bottom, 2.7, HEIGHT), *source)
        box(axes, (3.7, bottom, 3.0, HEIGHT), *intake)
        arrow(axes, (3.0, bottom + HEIGHT / 2), (3.7, bottom + HEIGHT / 2))
        arrow(axes, (6.7, bottom + HEIGHT / 2), (7.7, bottom + HEIGHT / 2))
    box(
        axes, (7.7, ROWS[-1], 2.5, ROWS[0] + HEIGHT - ROWS[-1]), "Lake", "S3: Apache Iceberg,", "Parquet", "",
        "bronze: sources as they came", "silver: each record once", "gold: star schema, marts", "",
        "quarantine: what is bad,", "with reason and remedy", "journals of publications", "ledgers of files",
    )  # fmt: skip
    for bottom, reader, label in zip((5.6, 4.25, 2.9), READERS, ("SQL", "load", "SQL"), strict=True):
        box(axes, (10.9, bottom, 2.6, HEIGHT), *reader)
        arrow(axes, (10.2, bottom + HEIGHT / 2), (10.9, bottom + HEIGHT / 2), label)
    arrow(axes, (5.2, 7.4), (5.2, ROWS[0] + HEIGHT))
    arrow(axes, (6.7, 7.9), (7.7, 7.9))
    axes.text(0.3, 8.3, "On AWS", va="top", fontsize=13, fontweight="bold", color=BLUE)
    axes.text(0.3, 8.0, "one Terraform tree,\nno endpoint in it", va="top", fontsize=9.5, color=GREY)
    on_a_laptop(axes)
    return figure


def on_a_laptop(axes: Axes) -> None:
    """The lane under the boxes: the engine of each column, and what holds them together."""
    axes.plot((0.3, 13.5), (2.05, 2.05), color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.text(0.3, 1.85, "On a laptop", va="top", fontsize=13, fontweight="bold", color=GREEN)
    axes.text(
        1.75,
        1.83,
        "the same Terraform, jobs, functions and SQL; local-aws answers the AWS APIs on 127.0.0.1",
        va="top",
        fontsize=9.5,
        color=GREY,
    )
    for left, width, engine in ENGINES:
        laptop(axes, (left, 0.8, width, 0.5), engine)
    laptop(
        axes,
        (0.3, 0.2, 13.2, 0.42),
        "local-aws: gateway and supervisor in front of the emulator; state survives kill -9",
    )


def star_schema() -> Figure:
    """The fact table and its dimensions, from the contracts that the job's transforms end in."""
    figure, axes = sheet(12.6, 7.2)
    [(fact, fact_schema)] = FACTS.items()
    places: dict[str, tuple[float, float]] = {
        "dim_customers": (0.3, 6.9),
        "dim_locations": (0.3, 2.35),
        "dim_products": (9.4, 6.9),
        "dim_dates": (9.4, 3.35),
    }
    fact_box = table(axes, (4.85, 6.35), fact, fact_schema.fieldNames(), GRAIN[fact])
    joins = {
        "dim_customers": "customerNumber",
        "dim_locations": "locationKey",
        "dim_products": "productCode",
        "dim_dates": "orderDate",
    }
    for name, top_left in places.items():
        left, bottom, width, height = table(axes, top_left, name, DIMENSIONS[name].fieldNames(), GRAIN[name])
        on_left = left < fact_box[0]
        start = (
            fact_box[0] if on_left else fact_box[0] + fact_box[2],
            _row(fact_box, fact_schema.fieldNames().index(joins[name])),
        )
        end = (
            left + width if on_left else left,
            _row((left, bottom, width, height), 0),
        )
        arrow(axes, start, end)
    axes.text(4.85, 0.6, "One row of fact_orders is one order line.", fontsize=11, color=INK)
    axes.text(
        4.85,
        0.3,
        "Bold: what identifies a row. The marts daily_sales and\nproduct_performance are made from these tables.",
        fontsize=9.5,
        color=GREY,
        va="center",
    )
    return figure


ROW, HEAD, TABLE_WIDTH = 0.255, 0.42, 2.9


def table(axes: Axes, top_left: tuple[float, float], name: str, columns: list[str], key: tuple[str, ...]) -> Box:
    """A table with its columns; returns its place."""
    left, top = top_left
    height = HEAD + ROW * len(columns) + 0.12
    place = (left, top - height, TABLE_WIDTH, height)
    fact = name.startswith("fact")
    box(axes, place, name, fill=PALE_GREEN if fact else PALE_BLUE, edge=GREEN if fact else BLUE)
    for number, column in enumerate(columns):
        weight = "bold" if column in key else "normal"
        axes.text(left + 0.14, _row(place, number), column, va="center", fontsize=9.5, color=INK, fontweight=weight)
    return place


def _row(place: Box, number: int) -> float:
    """The height of a column's line."""
    return place[1] + place[3] - HEAD - ROW * (number + 0.5)


def picture_dashboard(path: Path) -> None:
    from voila_app import dashboard_app, opened  # noqa: PLC0415 - only this picture needs a browser

    with dashboard_app(os.environ) as url, opened(url, width=1400, height=2600) as page:
        page.screenshot(path=path)


def picture_shop(url: str) -> None:
    """A signed-in customer's first page, the operations page, and a product on a phone."""
    from chromium import running_chromium  # noqa: PLC0415 - only these pictures need a browser
    from shop_page import DESK, PHONE, Shopper  # noqa: PLC0415

    with running_chromium() as browser:
        desk = Shopper.visiting(browser, url, DESK)
        desk.go("/sign-in")
        desk.page.get_by_role("button", name="Sign in as").first.click()
        seen = desk.shelf()
        desk.look_at(seen[:3])
        desk.go("/").wait_for_load_state("networkidle")
        desk.page.screenshot(path=IMAGES / "shop.png")
        desk.go("/operations").wait_for_load_state("networkidle")
        desk.page.wait_for_timeout(5_000)  # the first visitor has CloudWatch asked
        desk.go("/operations").wait_for_load_state("networkidle")
        desk.page.screenshot(path=IMAGES / "operations.png", full_page=True)
        phone = Shopper.visiting(browser, url, PHONE)
        phone.go(f"/products/{seen[0]}").wait_for_load_state("networkidle")
        phone.page.screenshot(path=IMAGES / "shop_phone.png")


if __name__ == "__main__":
    main()
