"""Registered targets, durable, and where each is on this machine; the ports of listeners, chosen once and kept."""

from __future__ import annotations

import threading
import time

from local_aws.context import Context
from local_aws.services.elbv2_envoy import Endpoint
from local_aws.services.elbv2_proxy import FIRST_PORT
from local_aws.services.instance_process import address_of, instances_of
from local_aws.supervisor import port_is_free
from local_aws.wire import Params


class Targets:
    """By target group: {"<id>:<port>": {Id, Port, Registered, Draining, SeenHealthy}}."""

    def __init__(self, ctx: Context) -> None:
        self._table = ctx.table("elbv2.targets")
        self._instances = instances_of(ctx)
        self._lock = threading.RLock()

    def of(self, arn: str) -> dict[str, Params]:
        found: dict[str, Params] = self._table.get(arn, {})
        return found

    def register(self, arn: str, targets: list[Params], default_port: int) -> None:
        """A target that is there stays as it is; one that drains is new again."""
        with self._lock:
            found = self.of(arn)
            for target in targets:
                port = int(target.get("Port") or default_port)
                key = f"{target['Id']}:{port}"
                if key not in found or found[key]["Draining"] is not None:
                    found[key] = {"Id": target["Id"], "Port": port, "Registered": time.time(), "Draining": None,
                                  "SeenHealthy": False}  # fmt: skip
            self._table[arn] = found

    def deregister(self, arn: str, targets: list[Params]) -> None:
        """All ports of an id where none is named."""
        with self._lock:
            found = self.of(arn)
            for entry in found.values():
                named = (target for target in targets if target["Id"] == entry["Id"])
                if entry["Draining"] is None and any(target.get("Port") in (None, entry["Port"]) for target in named):
                    entry["Draining"] = time.time()
            self._table[arn] = found

    def change(self, arn: str, *, gone: set[str], healthy: set[str]) -> None:
        with self._lock:
            found = {key: entry for key, entry in self.of(arn).items() if key not in gone}
            for key in healthy & found.keys():
                found[key]["SeenHealthy"] = True
            self._table[arn] = found

    def forget(self, arn: str) -> None:
        self._table.pop(arn, None)

    def port(self, target: Params) -> int | None:
        """Where it listens on 127.0.0.1; None for what does not run here."""
        if str(target["Id"]).startswith("i-"):
            return address_of(self._instances, target["Id"])
        return int(target["Port"]) if target["Id"] in ("127.0.0.1", "localhost") else None

    def endpoints(self, arn: str) -> list[Endpoint]:
        found = [(self.port(target), target["Draining"] is not None) for target in self.of(arn).values()]
        return [Endpoint(port, draining) for port, draining in found if port is not None]


class Ports:
    """A load balancer's first listener has the port that its DNS name shows; each other one the next that is free."""

    def __init__(self, ctx: Context) -> None:
        self._table = ctx.table("elbv2.ports")

    def main(self, balancer: str) -> int:
        return int(self._of(balancer)["Main"])

    def assign(self, balancer: str, listeners: list[str]) -> dict[str, int]:
        """Listener ARN → port, for the listeners that there are now, oldest first."""
        record = self._of(balancer)
        kept = {arn: port for arn, port in record["Listeners"].items() if arn in listeners}
        for arn in listeners:
            if arn not in kept:
                main = record["Main"]
                kept[arn] = main if main not in kept.values() else self._free(set(kept.values()))
        if kept != record["Listeners"]:
            self._table[balancer] = record | {"Listeners": kept}
        return kept

    def forget(self, balancer: str) -> None:
        self._table.pop(balancer, None)

    def _of(self, balancer: str) -> Params:
        if balancer not in self._table:
            self._table[balancer] = {"Main": self._free(set()), "Listeners": {}}
        found: Params = self._table[balancer]
        return found

    def _free(self, also_taken: set[int]) -> int:
        taken = also_taken | {
            port for each in self._table.values() for port in (each["Main"], *each["Listeners"].values())
        }
        return next(port for port in range(FIRST_PORT, 65_536) if port not in taken and port_is_free(port))
