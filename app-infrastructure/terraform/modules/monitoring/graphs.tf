# Metrics by row.
locals {
  functions  = [for name in var.functions : "${var.project}-${name}"]
  deliveries = [for name in var.deliveries : "${var.project}-${name}"]

  shop = [
    { title = "Requests", stat = "Sum", metrics = [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.web_tier.load_balancer]] },
    { title = "Errors", stat = "Sum", metrics = [
      for metric in ["HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count"] : ["AWS/ApplicationELB", metric, "LoadBalancer", var.web_tier.load_balancer]
    ] },
    { title = "Response time, p99", stat = "p99", metrics = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.web_tier.load_balancer]] },
    { title = "Instances", stat = "Average", metrics = [
      for metric in ["GroupDesiredCapacity", "GroupInServiceInstances"] : ["AWS/AutoScaling", metric, "AutoScalingGroupName", var.web_tier.autoscaling_group]
    ] },
  ]

  source_database = [
    for metric, title in { CPUUtilization = "CPU, %", DatabaseConnections = "Connections", FreeStorageSpace = "Free storage, bytes", ReadLatency = "Read latency, s" } :
    { title = title, stat = "Average", metrics = [["AWS/RDS", metric, "DBInstanceIdentifier", "${var.project}-source"]] }
  ]

  batch = [
    { title = "Runs that failed", stat = "Sum", metrics = [
      for pair in setproduct(var.state_machines, ["ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut"]) :
      ["AWS/States", pair[1], "StateMachineArn", "${local.state_machine}${pair[0]}"]
    ] },
    { title = "Length of a run, ms", stat = "Maximum", metrics = [
      for name in var.state_machines : ["AWS/States", "ExecutionTime", "StateMachineArn", "${local.state_machine}${name}"]
    ] },
    { title = "Glue: failed tasks", stat = "Sum", metrics = [
      for job in var.glue_jobs : ["Glue", "glue.driver.aggregate.numFailedTasks", "JobName", "${var.project}-${job}", "JobRunId", "ALL", "Type", "count"]
    ] },
    { title = "Glue: time of tasks, ms", stat = "Sum", metrics = [
      for job in var.glue_jobs : ["Glue", "glue.driver.aggregate.elapsedTime", "JobName", "${var.project}-${job}", "JobRunId", "ALL", "Type", "count"]
    ] },
  ]

  stream = [
    { title = "Browse events in", stat = "Sum", metrics = [
      for metric in ["IncomingRecords", "WriteProvisionedThroughputExceeded"] : ["AWS/Kinesis", metric, "StreamName", "${var.project}-events"]
    ] },
    { title = "Age of the oldest event not yet read, ms", stat = "Maximum", metrics = [
      ["AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", "${var.project}-events"],
      ["AWS/Lambda", "IteratorAge", "FunctionName", "${var.project}-profile-updater"],
    ] },
    { title = "Functions: errors and throttles", stat = "Sum", metrics = [
      for pair in setproduct(local.functions, ["Errors", "Throttles"]) : ["AWS/Lambda", pair[1], "FunctionName", pair[0]]
    ] },
    { title = "Functions: duration p99, ms", stat = "p99", metrics = [
      for name in local.functions : ["AWS/Lambda", "Duration", "FunctionName", name]
    ] },
    { title = "Age of the oldest event not yet in the lake, s", stat = "Maximum", metrics = [
      for name in local.deliveries : ["AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", name]
    ] },
  ]

  # A workgroup's metrics have the kind and the state of the query as further dimensions.
  queries = [
    { title = "Athena: bytes scanned", stat = "Sum", metrics = [
      [{ expression = "SEARCH('{AWS/Athena,QueryState,QueryType,WorkGroup} MetricName=\"ProcessedBytes\" WorkGroup=\"${var.project}-analytics\"', 'Sum')" }],
    ] },
    { title = "Athena: length of a query, ms", stat = "p99", metrics = [
      [{ expression = "SEARCH('{AWS/Athena,QueryState,QueryType,WorkGroup} MetricName=\"TotalExecutionTime\" WorkGroup=\"${var.project}-analytics\"', 'p99')" }],
    ] },
  ]
}
