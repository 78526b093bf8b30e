"""One retraining: evidence first, then the model of all data, then what the promotion gate makes of it."""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any

from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.lake.run_report import RunReport
from streaming_recs.model.version import ModelVersion
from streaming_recs.training.evidence import evidence
from streaming_recs.training.promotion import Decision
from streaming_recs.training.settings import Settings
from streaming_recs.training.tables import Sources
from streaming_recs.training.train import train
from streaming_recs.training.tuning import tuned

NO_BOOSTER = "LightGBM cannot be loaded here ({}): the model has no second stage. Add libgomp to the worker."


def retrain(  # noqa: PLR0913 (what a run is made of, by name)
    sources: Sources, data: dict[str, Any], store: ModelStore, report: RunReport, *, seed: int, force: bool = False
) -> ModelVersion:
    """Tune, judge, train, write down; the report tells version, decision and figures.

    When the live version was trained on the same snapshots, by the same code and in the same way, there is nothing to
    do, unless `force`.
    The embeddings of a refused version stay under its own name: embeddings/current/ keeps the ones that may go live.
    Only while no version has ever gone live do they become current too, so that there is something to look at.
    """
    settings = _settings(report)
    live_version = store.last_live()
    live = store.load(live_version) if live_version else None
    recipe = {"snapshots": data["snapshots"], "settings": asdict(settings), "seed": seed, "code": code_digest()}
    if live is not None and not force and recipe.items() <= live.data.items():
        report.reasons.append(
            "It was trained on the same snapshots, by this code, in this way; --force true trains again."
        )
        _tell(report, live, "unchanged", "live", live_version)
        return live
    settings = tuned(sources, settings, seed=seed)
    found = evidence(sources.interactions, live, settings=settings, seed=seed)
    decision = found.decision(seed)
    trained = train(
        sources.interactions,
        sources.items,
        sources.customers,
        seed=seed,
        settings=settings,
        data=data | recipe | {"tuned": asdict(settings)} | _says(decision),
    )
    model = replace(trained, metrics={"recall_at_20": found.metrics(), "test_users": len(found.candidate)})
    store.publish(model, current=decision.promoted or live is None)
    store.record(model.version, {"version": model.version, "metrics": model.metrics, "data": model.data})
    report.reasons += decision.why
    _tell(report, model, decision.status, decision.serves, live_version)
    return model


def code_digest() -> str:
    """Of all that learns and ranks: other code may make another model of the same snapshots."""
    digest = hashlib.sha256()
    for room in ("model", "training"):
        sources = (file for file in files(f"streaming_recs.{room}").iterdir() if file.name.endswith(".py"))
        for file in sorted(sources, key=lambda file: file.name):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _settings(report: RunReport) -> Settings:
    """The defaults, less the second stage on a worker that cannot load its library."""
    try:
        importlib.import_module("lightgbm")
    except (ImportError, OSError) as problem:
        report.reasons.append(NO_BOOSTER.format(problem))
        return replace(Settings(), rerank=False)
    return Settings()


def _says(decision: Decision) -> dict[str, Any]:
    return {"status": decision.status, "serves": decision.serves, "why": list(decision.why)}


def _tell(report: RunReport, model: ModelVersion, decision: str, serves: str, live: str | None) -> None:
    report.counts |= {"interactions": int(model.data["rows"]), "items": len(model.items), "users": len(model.users)}
    report.facts = {
        "model_version": model.version,
        "decision": decision,
        "serves": serves,
        "live_version": live,
        "metrics": model.metrics,
    }
