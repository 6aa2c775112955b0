import Postgres
import Store
import TestSupport
import Testing

@Suite struct EnqueueTests {
  @Test(.scratchDatabase) func `it is part of the caller's transaction`() throws {
    let fixture = try Fixture()
    try fixture.dataset()
    struct Regret: Error {}
    #expect(throws: Regret.self) {
      try fixture.connection.transaction {
        _ = try fixture.database.enqueue(fixture.spec())
        #expect(try fixture.count("unroll.sweeps") == 1)
        throw Regret()
      }
    }
    #expect(try fixture.count("unroll.sweeps") == 0)
  }

  @Test(.scratchDatabase) func `the same key is the same sweep`() throws {
    let fixture = try Fixture()
    try fixture.dataset()
    let first = try fixture.database.enqueue(fixture.spec(), idempotencyKey: "k")
    #expect(try fixture.database.enqueue(fixture.spec(), idempotencyKey: "k") == first)
    #expect(try fixture.database.enqueue(fixture.spec()) != first)
    let within = try fixture.database.enqueue(fixture.spec(#","idempotency_key":"inside""#))
    #expect(
      try fixture.database.enqueue(fixture.spec(#","idempotency_key":"inside""#)) == within)
    let error = try storeError {
      _ = try fixture.database.enqueue(fixture.spec(#","seed":2"#), idempotencyKey: "k")
    }
    #expect(error.code == .invalid)
    #expect(
      error.message == "idempotency_key: found \"k\", which sweep \(first) has with another spec; "
        + "allowed: the same spec, or another key")
  }

  @Test(.scratchDatabase) func `a dataset is enough, as for the command`() throws {
    let fixture = try Fixture()
    try fixture.dataset()
    let id = try fixture.database.enqueue(JSON(text: #"{"dataset":"words"}"#))
    #expect(try fixture.database.sweep(id: id).state == "submitted")
  }

  @Test(.scratchDatabase) func `what a spec says is what the sweep has`() throws {
    let fixture = try Fixture()
    let old = try fixture.dataset("words", "one")
    try fixture.dataset("words", "two")
    let spec = JSON(
      text: #"""
        {"name":"all","description":"d","dataset":{"name":"words","version":"\#(
          old.version.prefix(8))","task":"label"},"model":{},"training":{},"search":"grid",
         "objective":{"metric":"loss","split":"train","goal":"minimize"},"trials":7,"seed":5,
         "priority":3,"weight":2.5,"queue":"gpu","limits":{"max_parallel":2,"max_failures":4,
         "max_losses":6,"trial_time":60,"cpu_time":3600.5,"wall_time":7200,
         "deadline":"2030-01-31T12:00:00+01:00"},
         "retention":{"checkpoints":0.5,"metrics":90,"sweep":365}}
        """#)
    let sweep = try fixture.database.sweep(id: try fixture.database.enqueue(spec))
    #expect(sweep.datasetVersion == old.version)
    #expect(sweep.objective == Objective(metric: "loss", split: "train", goal: "minimize"))
    #expect(sweep.name == "all")
    #expect(sweep.trials == 7)
    #expect(sweep.seed == 5)
    #expect(sweep.priority == 3)
    #expect(sweep.maxParallel == 2)
    #expect(sweep.state == "submitted")
    #expect(try fixture.database.openSweeps(queue: "gpu").map(\.id) == [sweep.id])
    #expect(try fixture.database.sweep(matching: "all") == sweep)
    #expect(
      try fixture.count(
        "unroll_internal.sweep", where: "max_failures = 4 and max_losses = 6 and queue = 'gpu'")
        == 1)
    #expect(
      try fixture.count(
        "unroll_internal.sweep",
        where: """
          weight = 2.5 and trial_time = '60 s' and cpu_time = '3600.5 s' and wall_time = '2 h'
            and deadline = '2030-01-31 11:00Z' and keep_checkpoints = '12 h'
            and keep_metrics = '90 days' and keep_sweep = '365 days'
          """) == 1)
  }

  static let keys =
    "name, dataset, model, training, probe, search, objective, objectives, constraints, try, stop, "
    + "trials, seed, priority, weight, queue, limits, retention, predictions, description, idempotency_key"

  /// What is wrong, and what is said about it.
  static let badSpecs: [(spec: String, message: String)] = [
    ("null", "spec: found null; allowed: an object"),
    ("[]", "spec: found array; allowed: an object"),
    ("{}", "dataset: found nothing; allowed: this key is required"),
    (#"{"dataset":"words","model":3}"#, "model: found 3; allowed: an object"),
    (
      #"{"dataset":"words","modle":{}}"#, "modle: found an unknown key; allowed: \(keys)"
    ),
    (
      #"{"dataset":7,"model":{}}"#,
      #"dataset: found 7; allowed: the name of a dataset, or {"name": …, "version": …}"#
    ),
    (#"{"dataset":{},"model":{}}"#, "dataset.name: found nothing; allowed: the name of a dataset"),
    (
      #"{"dataset":"wrods","model":{}}"#,
      #"dataset: found "wrods", which is not here; allowed: words"#
    ),
    (
      #"{"dataset":"words@12345678","model":{}}"#,
      #"dataset.version: found "12345678"; allowed: 2cf24dba5fb0"#
    ),
    (
      #"{"dataset":"words@new","model":{}}"#,
      #"dataset.version: found "new"; allowed: the sha256 of a dataset, "#
        + "or its first 8 characters or more"
    ),
    (
      #"{"dataset":"words","model":{},"trials":0}"#,
      "trials: found 0; allowed: a whole number from 1 to 10000000"
    ),
    (
      #"{"dataset":"words","model":{},"trials":1.5}"#,
      "trials: found 1.5; allowed: a whole number from 1 to 10000000"
    ),
    (
      #"{"dataset":"words","model":{},"trials":"many"}"#,
      #"trials: found "many"; allowed: a whole number from 1 to 10000000"#
    ),
    (
      #"{"dataset":"words","model":{},"seed":-1}"#,
      "seed: found -1; allowed: a whole number from 0 to 9223372036854775807"
    ),
    (
      #"{"dataset":"words","model":{},"priority":99999}"#,
      "priority: found 99999; allowed: a whole number from 0 to 32767"
    ),
    (
      #"{"dataset":"words","model":{},"name":""}"#,
      #"name: found ""; allowed: a text that is not empty"#
    ),
    (
      #"{"dataset":"words","model":{},"queue":1}"#,
      "queue: found 1; allowed: the name of a queue"
    ),
    (
      #"{"dataset":"words","model":{},"objective":[]}"#,
      "objective: found []; allowed: an object or a text"
    ),
    (
      #"{"dataset":"words","model":{},"objective":{"goal":"max"}}"#,
      #"objective.goal: found "max"; allowed: minimize, maximize"#
    ),
    (
      #"{"dataset":"words","model":{},"objective":{"split":"test"}}"#,
      #"objective.split: found "test"; allowed: validation, train"#
    ),
    (
      #"{"dataset":"words","constraints":"hidden < 5"}"#,
      #"constraints: found "hidden < 5"; allowed: a list of texts"#
    ),
    (
      #"{"dataset":"words","try":[{},3]}"#, "try: found 3; allowed: a list of objects"
    ),
    (
      #"{"dataset":"words","objectives":[]}"#,
      "objectives: found 0 elements; allowed: 1 to 8 of them"
    ),
    (
      #"{"dataset":"words","objectives":["loss"],"objective":"loss"}"#,
      "objectives: found objective beside it; allowed: one of the two"
    ),
    (#"{"dataset":"words","stop":3}"#, "stop: found 3; allowed: an object or a text"),
    (
      #"{"dataset":"words","model":{},"objective":{"gaol":"max"}}"#,
      "objective.gaol: found an unknown key; allowed: metric, expression, split, goal"
    ),
    (
      #"{"dataset":"words","model":{},"limits":{"max_parallel":0}}"#,
      "limits.max_parallel: found 0; allowed: a whole number from 1 to 1000000"
    ),
    (
      #"{"dataset":"words","model":{},"limits":{"hours":1}}"#,
      "limits.hours: found an unknown key; allowed: max_parallel, max_failures, max_losses, "
        + "trial_time, cpu_time, wall_time, deadline"
    ),
    (
      #"{"dataset":"words","model":{},"weight":0}"#,
      "weight: found 0; allowed: a number from 0.001 to 1000"
    ),
    (
      #"{"dataset":"words","model":{},"limits":{"wall_time":"1h"}}"#,
      #"limits.wall_time: found "1h"; allowed: a number from 0.001 to 1000000000"#
    ),
    (
      #"{"dataset":"words","model":{},"limits":{"deadline":"2030-02-31T00:00Z"}}"#,
      #"limits.deadline: found "2030-02-31T00:00Z"; allowed: a time such as "#
        + "2030-01-31T12:00:00+01:00"
    ),
    (
      #"{"dataset":"words","model":{},"limits":{"deadline":"tomorrow"}}"#,
      #"limits.deadline: found "tomorrow"; allowed: a time such as 2030-01-31T12:00:00+01:00"#
    ),
    (
      #"{"dataset":"words","model":{},"retention":{"models":1}}"#,
      "retention.models: found an unknown key; allowed: checkpoints, metrics, sweep"
    ),
  ]

  @Test(.scratchDatabase)
  func `a bad spec is refused with what was found and what is allowed`() throws {
    let fixture = try Fixture()
    try fixture.dataset()
    for (spec, message) in Self.badSpecs {
      let error = try storeError { _ = try fixture.database.enqueue(JSON(text: spec)) }
      #expect(error.code == .invalid, "\(spec)")
      #expect(error.sqlState == "22023", "\(spec)")
      #expect(error.message == message)
    }
    #expect(try fixture.count("unroll_internal.sweep") == 0)
  }

  @Test(.scratchDatabase) func `what was looked at is what is accepted or refused`() throws {
    let fixture = try Fixture()
    try fixture.dataset()
    let sweep = try fixture.database.enqueue(fixture.spec(#","trials":10"#), idempotencyKey: "k")
    try fixture.database.set(sweep: sweep, key: "trials", value: JSON(text: "5"))
    #expect(
      try !fixture.database.activate(sweep: sweep, Situation.activation(10), by: fixture.leader))
    #expect(try !fixture.database.refuse(sweep: sweep, reason: "no", by: fixture.leader))
    #expect(
      try fixture.database.activate(
        sweep: sweep, revision: 1, Situation.activation(5), by: fixture.leader))
    #expect(try fixture.database.progress(sweep: sweep).trials == 5)
    // Who asks again asks for what he asked for.
    #expect(
      try fixture.database.enqueue(fixture.spec(#","trials":10"#), idempotencyKey: "k") == sweep)
    #expect(
      try storeError {
        _ = try fixture.database.enqueue(fixture.spec(#","trials":5"#), idempotencyKey: "k")
      }.code == .invalid)
  }

  @Test(.scratchDatabase) func `a refused sweep says why`() throws {
    let fixture = try Fixture()
    try fixture.dataset()
    let sweep = try fixture.database.enqueue(fixture.spec())
    #expect(try fixture.database.refuse(sweep: sweep, reason: "no such cell", by: fixture.leader))
    #expect(
      try fixture.database.refuse(sweep: sweep, reason: "again", by: fixture.leader) == false)
    let progress = try fixture.database.progress(sweep: sweep)
    #expect(progress.state == "refused")
    #expect(progress.error == "no such cell")
    #expect(try fixture.database.decisions(sweep: sweep).map(\.kind) == ["refuse"])
    #expect(try fixture.database.openSweeps().isEmpty)
  }
}
