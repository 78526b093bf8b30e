"""A listener's rules as Envoy routes: conditions, and the actions forward, fixed-response and redirect. Pure."""

from __future__ import annotations

import re

from local_aws.wire import AwsError, Params

CONDITIONS = ("host-header", "http-header", "http-request-method", "path-pattern", "query-string")
ACTIONS = ("fixed-response", "forward", "redirect")
CONNECT_RETRIES = 3


def refuse_what_is_not_done(actions: list[Params], conditions: list[Params]) -> None:
    """Said when a rule is made: one that is kept and not followed would be worse."""
    for kind in (str(action["Type"]) for action in actions):
        if kind not in ACTIONS:
            raise AwsError("InvalidLoadBalancerAction", f"Local AWS does not do {kind}; it does {', '.join(ACTIONS)}.")
    for field in (str(condition["Field"]) for condition in conditions):
        if field not in CONDITIONS:
            raise AwsError("ValidationError", f"Local AWS has no {field} conditions; it has {', '.join(CONDITIONS)}.")
    for redirect in (action["RedirectConfig"] for action in actions if action["Type"] == "redirect"):
        if "#{" in str(redirect.get("Path", "")).replace("/#{path}", "", 1):
            raise AwsError("ValidationError", "Local AWS redirects to /#{path} or to a path without placeholders.")


def routes(rules: list[Params], idle_seconds: float) -> list[Params]:
    """Routes in order of priority, the default action last."""
    ordered = sorted(rules, key=lambda rule: (rule["Priority"] == "default", _number(rule["Priority"])))
    return [
        {"match": match(conditions)} | action(rule["Actions"][-1], idle_seconds)
        for rule in ordered
        for conditions in alternatives(rule.get("Conditions", []))
    ]


def _number(priority: str) -> int:
    return int(priority) if priority.isdigit() else 0


def alternatives(conditions: list[Params]) -> list[list[Params]]:
    """A path-pattern of two values is either: two routes, since a route of Envoy has one path."""
    paths = [condition for condition in conditions if condition["Field"] == "path-pattern"]
    others = [condition for condition in conditions if condition["Field"] != "path-pattern"]
    if not paths:
        return [others]
    return [[*others, {"Field": "path-pattern", "Values": [value]}] for value in _values(paths[0])]


def match(conditions: list[Params]) -> Params:
    found: Params = {"prefix": "/", "headers": [], "query_parameters": []}
    for condition in conditions:
        field, values = condition["Field"], _values(condition)
        if field == "path-pattern":
            found = {name: value for name, value in found.items() if name != "prefix"}
            found["safe_regex"] = {"regex": wildcard(values[0])}
        elif field == "query-string":
            for pair in condition["QueryStringConfig"]["Values"]:
                matched = {"safe_regex": {"regex": wildcard(pair["Value"])}}
                found["query_parameters"].append({"name": pair.get("Key", pair["Value"]), "string_match": matched})
        else:
            header = {"host-header": ":authority", "http-request-method": ":method"}.get(field) or str(
                condition["HttpHeaderConfig"]["HttpHeaderName"]
            )
            port = "(:[0-9]+)?" if field == "host-header" else ""
            either = "|".join(wildcard(value) for value in values)
            regex = {"regex": f"(?i)({either}){port}" if field != "http-request-method" else either}
            found["headers"].append({"name": header, "string_match": {"safe_regex": regex}})
    return {name: value for name, value in found.items() if value}


def _values(condition: Params) -> list[str]:
    config: Params = next((value for name, value in condition.items() if name.endswith("Config") and value), {})
    return list(condition.get("Values") or config.get("Values") or [])


def wildcard(pattern: str) -> str:
    """* is any text and ? any character; RE2 matches the whole."""
    return "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)


def action(step: Params, idle_seconds: float) -> Params:
    if step["Type"] == "fixed-response":
        return _fixed_response(step["FixedResponseConfig"])
    if step["Type"] == "redirect":
        return {"redirect": redirect(step["RedirectConfig"])}
    groups = step.get("ForwardConfig", {}).get("TargetGroups") or [
        {"TargetGroupArn": step["TargetGroupArn"], "Weight": 1}
    ]
    weights = [
        {"name": cluster_name(group["TargetGroupArn"]), "weight": int(group.get("Weight", 1))} for group in groups
    ]
    to: Params = {"cluster": weights[0]["name"]} if len(weights) == 1 else {"weighted_clusters": {"clusters": weights}}
    # The idle time-out of the load balancer bounds the silence of a target; a long answer that flows may go on.
    # What could not be sent, because a target died a moment ago, is given to another one: no target has seen it.
    retry = {
        "retry_on": "connect-failure,refused-stream,reset-before-request",
        "num_retries": CONNECT_RETRIES,
        "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.05s"},
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                },
            }
        ],
        "host_selection_retry_max_attempts": CONNECT_RETRIES,
    }
    return {"route": to | {"timeout": "0s", "idle_timeout": f"{idle_seconds}s", "retry_policy": retry}}


def _fixed_response(config: Params) -> Params:
    response: Params = {"status": int(config["StatusCode"])}
    if body := config.get("MessageBody"):
        response["body"] = {"inline_string": body}
    kind = {"key": "content-type", "value": config.get("ContentType") or "text/plain"}
    return {
        "direct_response": response,
        "response_headers_to_add": [{"header": kind, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}],
    }


def redirect(config: Params) -> Params:
    """AWS's placeholders stand for what the request had, which is what Envoy keeps when nothing is said."""
    found: Params = {"response_code": "MOVED_PERMANENTLY" if config["StatusCode"] == "HTTP_301" else "FOUND"}
    if (protocol := config.get("Protocol", "#{protocol}")) != "#{protocol}":
        found["scheme_redirect"] = protocol.lower()
    if (host := config.get("Host", "#{host}")) != "#{host}":
        found["host_redirect"] = host
    if (port := str(config.get("Port", "#{port}"))) != "#{port}":
        found["port_redirect"] = int(port)
    path, query = config.get("Path", "/#{path}"), config.get("Query", "#{query}")
    if path != "/#{path}":
        found["path_redirect"] = path + (f"?{query}" if query and query != "#{query}" else "")
    found["strip_query"] = not query
    return found


def cluster_name(target_group_arn: str) -> str:
    """targetgroup/<name>/<id>: CloudWatch's dimension, too."""
    return target_group_arn.rpartition(":")[2]
