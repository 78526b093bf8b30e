"""Load balancers as Envoy's configuration: listeners, clusters with health checks, endpoints. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from local_aws.services.elbv2_routes import cluster_name, routes
from local_aws.wire import Params

_TYPE = "type.googleapis.com/envoy."
_ERRORS = {
    "502 Bad Gateway": ["UF", "UC", "UPE", "UR", "LR"],
    "503 Service Temporarily Unavailable": ["UH", "NR", "NC", "UO"],
    "504 Gateway Time-out": ["UT", "SI"],
}


@dataclass(frozen=True)
class Balancer:
    """A load balancer with what belongs to it; `ports` is where each listener (by ARN) is on 127.0.0.1."""

    arn: str
    idle_seconds: float
    listeners: dict[str, list[Params]]  # listener ARN → its rules
    ports: dict[str, int]

    @property
    def name(self) -> str:
        """app/<name>/<id>: CloudWatch's dimension."""
        return self.arn.partition(":loadbalancer/")[2]


@dataclass(frozen=True)
class Endpoint:
    port: int
    draining: bool = False


@dataclass(frozen=True)
class World:
    """Everything that the proxy must know; `groups` are the target groups by ARN, `endpoints` likewise."""

    balancers: list[Balancer] = field(default_factory=list)
    groups: dict[str, Params] = field(default_factory=dict)
    endpoints: dict[str, list[Endpoint]] = field(default_factory=dict)


def bootstrap(folder: Path, admin_port: int) -> Params:
    return {
        "node": {"id": "load-balancers", "cluster": "local-aws"},
        "admin": {"address": _address(admin_port)},
        "dynamic_resources": {
            "lds_config": _watched(folder, folder / "listeners.json"),
            "cds_config": _watched(folder, folder / "clusters.json"),
        },
    }


def listeners(world: World, errors_log: Path) -> list[Params]:
    return [
        _listener(balancer, arn, rules, errors_log)
        for balancer in world.balancers
        for arn, rules in balancer.listeners.items()
    ]


def _listener(balancer: Balancer, arn: str, rules: list[Params], errors_log: Path) -> Params:
    manager = {
        "@type": f"{_TYPE}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": balancer.name,
        "codec_type": "AUTO",
        "use_remote_address": True,  # what a client says of X-Forwarded-Proto is not believed
        "skip_xff_append": True,  # for a client of this machine Envoy would append an address of the network
        "generate_request_id": False,
        "server_header_transformation": "PASS_THROUGH",
        "stream_idle_timeout": f"{balancer.idle_seconds}s",
        "common_http_protocol_options": {"idle_timeout": f"{max(balancer.idle_seconds, 60.0)}s"},
        "route_config": {
            "name": arn,
            "request_headers_to_remove": [
                "x-envoy-internal",
                "x-envoy-external-address",
                "x-envoy-expected-rq-timeout-ms",
            ],
            "request_headers_to_add": [
                {"header": {"key": "X-Forwarded-For", "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"}},
                _header("X-Forwarded-Port", str(balancer.ports[arn])),
            ],
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes(rules, balancer.idle_seconds)}],
        },
        "local_reply_config": {"mappers": [_mapper(status, flags) for status, flags in _ERRORS.items()]},
        "access_log": [_errors_log(balancer.name, errors_log)],
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": f"{_TYPE}extensions.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                },
            }
        ],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {
        "@type": f"{_TYPE}config.listener.v3.Listener",
        "name": arn,
        "address": _address(balancer.ports[arn]),
        "enable_reuse_port": False,  # two proxies of two local AWSs would share the port, and its visitors
        "filter_chains": [chain],
    }


def _mapper(status: str, flags: list[str]) -> Params:
    """The page that a load balancer answers with when no target did."""
    page = (
        f"<html>\r\n<head><title>{status}</title></head>\r\n"
        f"<body>\r\n<center><h1>{status}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return {
        "filter": {"response_flag_filter": {"flags": flags}},
        "status_code": int(status[:3]),
        "body_format_override": {"text_format_source": {"inline_string": page}, "content_type": "text/html"},
        "headers_to_add": [_header("server", "awselb/2.0")],
    }


def _errors_log(balancer: str, path: Path) -> Params:
    """One line for each answer that was the load balancer's own: CloudWatch counts them apart from the targets'."""
    flags = [flag for each in _ERRORS.values() for flag in each]
    line = {"balancer": balancer, "cluster": "%UPSTREAM_CLUSTER_RAW%", "status": "%RESPONSE_CODE%"}
    return {
        "name": "envoy.access_loggers.file",
        "filter": {"response_flag_filter": {"flags": flags}},
        "typed_config": {
            "@type": f"{_TYPE}extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(path),
            "log_format": {"json_format": line},
        },
    }


def clusters(world: World, folder: Path) -> list[Params]:
    return [_cluster(arn, group, folder) for arn, group in sorted(world.groups.items()) if group.get("Port")]


def _cluster(arn: str, group: Params, folder: Path) -> Params:
    found: Params = {
        "@type": f"{_TYPE}config.cluster.v3.Cluster",
        "name": cluster_name(arn),
        "type": "EDS",
        "connect_timeout": "10s",
        "lb_policy": "ROUND_ROBIN",
        "ignore_health_on_host_removal": True,
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 1},  # none is healthy: all get requests, as on AWS
            "update_merge_window": "0s",  # a target that died must not get requests for another second
        },
        "eds_cluster_config": {
            "service_name": cluster_name(arn),
            "eds_config": _watched(folder, folder / endpoints_file(arn)),
        },
        "circuit_breakers": {
            "thresholds": [{"max_connections": 4096, "max_pending_requests": 65536, "max_requests": 65536,
                            "max_retries": 65536}]
        },
    }  # fmt: skip
    return found | ({"health_checks": [health_check(group)]} if group.get("HealthCheckEnabled", True) else {})


def health_check(group: Params) -> Params:
    interval = f"{group.get('HealthCheckIntervalSeconds', 30)}s"
    expected = [{"start": low, "end": high + 1} for low, high in codes(group.get("Matcher", {}).get("HttpCode", "200"))]
    return {
        "interval": interval,
        "no_traffic_interval": interval,
        "no_traffic_healthy_interval": interval,
        "timeout": f"{group.get('HealthCheckTimeoutSeconds', 5)}s",
        "healthy_threshold": group.get("HealthyThresholdCount", 5),
        "unhealthy_threshold": group.get("UnhealthyThresholdCount", 2),
        "http_health_check": {
            "path": group.get("HealthCheckPath", "/"),
            "host": "127.0.0.1",
            "expected_statuses": expected,
            "retriable_statuses": [{"start": 100, "end": 600}],  # else one wrong answer would skip the threshold
            "request_headers_to_add": [_header("user-agent", "ELB-HealthChecker/2.0")],
        },
    }


def codes(matcher: str) -> list[tuple[int, int]]:
    """ "200,302" or "200-299" as inclusive ranges."""
    bounds = (part.partition("-") for part in matcher.split(","))
    return [(int(low), int(high or low)) for low, _, high in bounds]


def endpoints_file(arn: str) -> str:
    return f"endpoints-{cluster_name(arn).replace('/', '-')}.json"


def assignment(arn: str, endpoints: list[Endpoint]) -> Params:
    entries = [
        {
            "endpoint": {"address": _address(endpoint.port)},
            "health_status": "DRAINING" if endpoint.draining else "UNKNOWN",
        }
        for endpoint in endpoints
    ]
    return {
        "@type": f"{_TYPE}config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": cluster_name(arn),
        "endpoints": [{"lb_endpoints": entries}],
    }


def _watched(folder: Path, file: Path) -> Params:
    """A file of resources, read again when one is moved to its place."""
    source = {"path": str(file), "watched_directory": {"path": str(folder)}}
    return {"resource_api_version": "V3", "path_config_source": source}


def _address(port: int) -> Params:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _header(key: str, value: str) -> Params:
    return {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
