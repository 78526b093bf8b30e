"""Which Terraform roots and modules there are."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ROOTS = (
    "app-infrastructure/terraform",
    "batch-etl-pipeline/terraform",
    "streaming-recommendation-pipeline/terraform",
)
MODULES = tuple(
    sorted(
        str(file.parent.relative_to(CHECKOUT))
        for pattern in ("terraform-modules/*/main.tf", "*/terraform/modules/*/main.tf")
        for file in CHECKOUT.glob(pattern)
    )
)
