"""Glue's jobs and job runs. The catalog, which the emulator behind keeps well, falls through to it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.glue_jobs import job_arn, page
from local_aws.services.glue_roles import check_job_role
from local_aws.services.glue_runs import job_runs_of
from local_aws.wire import AwsError, AwsRequest, Params


class GlueJobService(Service):
    """Jobs are executed: PySpark in a process of its own, with Glue's arguments, libraries, logs and states."""

    name: ClassVar[str] = "glue"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.runs = job_runs_of(ctx)
        self.jobs = self.runs.jobs
        self.tags = ctx.table("glue.job_tags")  # of crawlers, triggers and workflows too

    async def start(self) -> None:
        await asyncio.to_thread(self.runs.resume)

    async def stop(self) -> None:
        await asyncio.to_thread(self.runs.close)

    @action("CreateJob")
    async def create_job(self, request: AwsRequest) -> Params:
        self.jobs.create(request.params)
        self.tags[job_arn(request.params["Name"])] = request.params.get("Tags") or {}
        return {"Name": request.params["Name"]}

    @action("UpdateJob")
    async def update_job(self, request: AwsRequest) -> Params:
        self.jobs.update(request.params["JobName"], request.params["JobUpdate"])
        return {"JobName": request.params["JobName"]}

    @action("GetJob")
    async def get_job(self, request: AwsRequest) -> Params:
        return {"Job": self.jobs.get(request.params["JobName"])}

    @action("GetJobs")
    async def get_jobs(self, request: AwsRequest) -> Params:
        names, more = page(self.jobs.names(), request.params)
        return {"Jobs": self.jobs.find(names)} | more

    @action("BatchGetJobs")
    async def batch_get_jobs(self, request: AwsRequest) -> Params:
        wanted = request.params["JobNames"]
        found = self.jobs.find(wanted)
        missing = [name for name in wanted if name not in {job["Name"] for job in found}]
        return {"Jobs": found, "JobsNotFound": missing}

    @action("ListJobs")
    async def list_jobs(self, request: AwsRequest) -> Params:
        tags = request.params.get("Tags") or {}
        tagged = [name for name in self.jobs.names() if tags.items() <= self.tags.get(job_arn(name), {}).items()]
        names, more = page(tagged, request.params)
        return {"JobNames": names} | more

    @action("DeleteJob")
    async def delete_job(self, request: AwsRequest) -> Params:
        name = request.params["JobName"]
        self.jobs.delete(name)
        self.tags.pop(job_arn(name), None)
        await asyncio.to_thread(self.runs.forget, name)
        return {"JobName": name}

    @action("StartJobRun")
    async def start_job_run(self, request: AwsRequest) -> Params:
        role = self.jobs.get(request.params["JobName"])["Role"]
        await asyncio.to_thread(check_job_role, self.ctx.client("iam"), role)
        return {"JobRunId": await asyncio.to_thread(self.runs.start, request.params)}

    @action("GetJobRun")
    async def get_job_run(self, request: AwsRequest) -> Params:
        return {"JobRun": self.runs.get(request.params["JobName"], request.params["RunId"])}

    @action("GetJobRuns")
    async def get_job_runs(self, request: AwsRequest) -> Params:
        runs, more = page(self.runs.of_job(request.params["JobName"]), request.params)
        return {"JobRuns": runs} | more

    @action("BatchStopJobRun")
    async def batch_stop_job_run(self, request: AwsRequest) -> Params:
        name = request.params["JobName"]
        stopped, errors = [], []
        for run_id in request.params["JobRunIds"]:
            try:
                self.runs.stop(name, run_id)
                stopped.append({"JobName": name, "JobRunId": run_id})
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
        return {"SuccessfulSubmissions": stopped, "Errors": errors}

    @action("TagResource")
    async def tag_resource(self, request: AwsRequest) -> Params:
        arn = request.params["ResourceArn"]
        if arn not in self.tags:
            return await self.ctx.upstream(request)
        self.tags[arn] = self.tags[arn] | request.params["TagsToAdd"]
        return {}

    @action("UntagResource")
    async def untag_resource(self, request: AwsRequest) -> Params:
        arn = request.params["ResourceArn"]
        if arn not in self.tags:
            return await self.ctx.upstream(request)
        self.tags[arn] = {k: v for k, v in self.tags[arn].items() if k not in request.params["TagsToRemove"]}
        return {}

    @action("GetTags")
    async def get_tags(self, request: AwsRequest) -> Params:
        arn = request.params["ResourceArn"]
        return {"Tags": self.tags[arn]} if arn in self.tags else await self.ctx.upstream(request)
