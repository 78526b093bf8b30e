"""Glue workflows and their runs. How a run goes on from trigger to trigger is in glue_chains."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.glue_chain_record import workflow_run
from local_aws.services.glue_chains import chains_of
from local_aws.services.glue_jobs import invalid, page
from local_aws.services.glue_workflow_graph import graph, nodes_by_id
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import AwsError, AwsRequest, Params

_GIVEN = ("Description", "DefaultRunProperties", "MaxConcurrentRuns")


def workflow_arn(name: str) -> str:
    return f"arn:aws:glue:{REGION}:{ACCOUNT}:workflow/{name}"


class GlueWorkflowService(Service):
    """The API of workflows."""

    name: ClassVar[str] = "glue"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.chains = chains_of(ctx)
        self.workflows = self.chains.workflows
        self.tags = ctx.table("glue.job_tags")

    async def start(self) -> None:
        await asyncio.to_thread(self.chains.resume)

    async def stop(self) -> None:
        await asyncio.to_thread(self.chains.close)

    # --- definitions

    @action("CreateWorkflow")
    async def create_workflow(self, request: AwsRequest) -> Params:
        name, now = request.params["Name"], datetime.now(UTC)
        if name in self.workflows:
            raise AwsError("AlreadyExistsException", f"Workflow with name {name} already exists")
        self.workflows[name] = {"Name": name, "CreatedOn": now, "LastModifiedOn": now} | _given(request.params)
        self.tags[workflow_arn(name)] = request.params.get("Tags") or {}
        return {"Name": name}

    @action("UpdateWorkflow")
    async def update_workflow(self, request: AwsRequest) -> Params:
        """The definition is replaced: what is left out is gone."""
        held = self.chains.workflow(request.params["Name"])
        kept = {"Name": held["Name"], "CreatedOn": held["CreatedOn"], "LastModifiedOn": datetime.now(UTC)}
        self.workflows[held["Name"]] = kept | _given(request.params)
        return {"Name": held["Name"]}

    @action("DeleteWorkflow")
    async def delete_workflow(self, request: AwsRequest) -> Params:
        """Idempotent: Glue raises nothing for a workflow that is not there."""
        name = request.params["Name"]
        await asyncio.to_thread(self.chains.forget, name)
        self.workflows.pop(name, None)
        self.tags.pop(workflow_arn(name), None)
        return {"Name": name}

    @action("GetWorkflow")
    async def get_workflow(self, request: AwsRequest) -> Params:
        return {"Workflow": self._shown(request.params["Name"], bool(request.params.get("IncludeGraph")))}

    @action("BatchGetWorkflows")
    async def batch_get_workflows(self, request: AwsRequest) -> Params:
        wanted, with_graph = request.params["Names"], bool(request.params.get("IncludeGraph"))
        found = [self._shown(name, with_graph) for name in wanted if name in self.workflows]
        return {"Workflows": found, "MissingWorkflows": [name for name in wanted if name not in self.workflows]}

    @action("ListWorkflows")
    async def list_workflows(self, request: AwsRequest) -> Params:
        names, more = page(sorted(self.workflows), request.params, default=25)
        return {"Workflows": names} | more

    # --- runs

    @action("StartWorkflowRun")
    async def start_workflow_run(self, request: AwsRequest) -> Params:
        properties = request.params.get("RunProperties") or {}
        return {"RunId": await asyncio.to_thread(self.chains.start_workflow, request.params["Name"], properties)}

    @action("StopWorkflowRun")
    async def stop_workflow_run(self, request: AwsRequest) -> Params:
        await asyncio.to_thread(self.chains.stop_run, request.params["Name"], request.params["RunId"])
        return {}

    @action("ResumeWorkflowRun")
    async def resume_workflow_run(self, request: AwsRequest) -> Params:
        name, run_id, wanted = request.params["Name"], request.params["RunId"], request.params["NodeIds"]
        known = nodes_by_id(name, self.chains.run(name, run_id)["Triggers"])
        if unknown := [node for node in wanted if node not in known]:
            raise invalid(f"Nodes of no job or crawler in the run's graph: {', '.join(unknown)}.")
        nodes = {known[node] for node in wanted}
        return {"RunId": await asyncio.to_thread(self.chains.resume_run, name, run_id, nodes), "NodeIds": wanted}

    @action("GetWorkflowRun")
    async def get_workflow_run(self, request: AwsRequest) -> Params:
        chain = self.chains.run(request.params["Name"], request.params["RunId"])
        return {"Run": self._run(chain, bool(request.params.get("IncludeGraph")))}

    @action("GetWorkflowRuns")
    async def get_workflow_runs(self, request: AwsRequest) -> Params:
        self.chains.workflow(request.params["Name"])
        chains, more = page(self.chains.runs(request.params["Name"]), request.params)
        return {"Runs": [self._run(chain, bool(request.params.get("IncludeGraph"))) for chain in chains]} | more

    @action("GetWorkflowRunProperties")
    async def get_workflow_run_properties(self, request: AwsRequest) -> Params:
        chain = self.chains.run(request.params["Name"], request.params["RunId"])
        return {"RunProperties": chain["WorkflowRunProperties"]}

    @action("PutWorkflowRunProperties")
    async def put_workflow_run_properties(self, request: AwsRequest) -> Params:
        given = request.params["RunProperties"]
        await asyncio.to_thread(self.chains.put_properties, request.params["Name"], request.params["RunId"], given)
        return {}

    # --- answers

    def _shown(self, name: str, with_graph: bool) -> Params:
        workflow = self.chains.workflow(name)
        last = next((self._run(chain, with_graph) for chain in self.chains.runs(name)), None)
        if last is not None:
            workflow["LastRun"] = last
        if with_graph:
            workflow["Graph"] = graph(name, self.chains.triggers.of_workflow(name), lambda *_: {})
        return workflow

    def _run(self, chain: Params, with_graph: bool) -> Params:
        run = workflow_run(chain)
        if with_graph:
            run["Graph"] = graph(chain["Name"], chain["Triggers"], lambda *node: self._details(chain, *node))
        return run

    def _details(self, chain: Params, kind: str, name: str) -> Params:
        """The runs of a job or crawler in a workflow run."""
        actions = [one for one in chain["Actions"] if (one["Kind"], one["Name"]) == (kind, name)]
        if kind == "JOB":
            return {"JobDetails": {"JobRuns": [self._job_run(action) for action in actions]}} if actions else {}
        return {"CrawlerDetails": {"Crawls": [self._crawl(action) for action in actions]}} if actions else {}

    def _job_run(self, action: Params) -> Params:
        with suppress(KeyError):
            return self.chains.job_runs.last_attempt(action["Id"])[0]
        return {"JobName": action["Name"], "JobRunState": _state(action), "TriggerName": action["Trigger"]} | _why(
            action
        )

    def _crawl(self, action: Params) -> Params:
        crawl = self.chains.crawls.table.get(action["Id"], {})
        times = {"StartedOn": crawl.get("StartTime"), "CompletedOn": crawl.get("EndTime")}
        logs = {key: crawl[key] for key in ("LogGroup", "LogStream", "ErrorMessage") if key in crawl}
        return {"State": _state(action)} | {key: at for key, at in times.items() if at} | logs | _why(action)


def _state(action: Params) -> str:
    return "STARTING" if action["State"] == "PLANNED" and action["Kind"] == "JOB" else (
        "RUNNING" if action["State"] == "PLANNED" else str(action["State"])
    )  # fmt: skip


def _why(action: Params) -> Params:
    return {"ErrorMessage": action["Error"]} if "Error" in action else {}


def _given(params: Params) -> Params:
    return {key: params[key] for key in _GIVEN if params.get(key) is not None}
