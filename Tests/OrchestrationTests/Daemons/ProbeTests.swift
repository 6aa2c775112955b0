import Orchestration
import Postgres
import Store
import TestSupport
import Testing

/// Measurements of gradients and named initial weights, from a sweep's text to rows in SQL.
@Suite(.scratchDatabaseForEach) struct ProbeTests {
  @Test func `verdicts and curves are rows, one for each epoch and layer`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker()
    defer { _ = (try? worker.stop(), try? scheduler.stop()) }
    let sweep = try daemons.enqueue(
      """
      {"dataset": "order", "model": {"cell": {"choice": ["rnn", "irnn", "lstm"]}, "hidden": 6,
        "layers": 2}, "training": {"epochs": 2, "batch": 64, "keep_initial": true},
        "probe": {"every": "epoch", "lags": 6}, "search": {"sampler": "grid"}, "seed": 1}
      """)
    try daemons.waitForEnd(sweep)
    let trials = try daemons.database.trials(sweep: sweep)
    #expect(trials.count == 3 && trials.allSatisfy { $0.state == "succeeded" })
    for trial in trials {
      let verdicts = try daemons.database.gradientVerdicts(trial: trial.id)
      #expect(verdicts.map { [$0.epoch, $0.layer] } == [[1, 0], [1, 1], [2, 0], [2, 1]])
      for verdict in verdicts {
        #expect(verdict.jacobian > 0 && verdict.lag >= 11 && !verdict.reason.isEmpty)
        #expect((verdict.normBound == nil) == (trial.params.text.contains("lstm")))
        let points = try daemons.database.gradientFlow(
          trial: trial.id, epoch: verdict.epoch, layer: verdict.layer)
        #expect(points.filter { $0.measure == "state_gradient" }.count == 6)
        #expect(points.contains { $0.measure == "jacobian" && $0.lag == verdict.lag })
        #expect(
          points.contains { $0.measure == "gate_f" } == trial.params.text.contains("lstm"))
      }
      let names = try daemons.database.artifacts(trial: trial.id).map(\.name)
      #expect(names.contains("initial.safetensors"))
    }

    let other = try daemons.enqueue(
      """
      {"dataset": "order", "model": {"cell": "lstm", "hidden": 6, "layers": 2,
        "initial": "\(trials[2].id)/initial.safetensors"},
        "training": {"epochs": 2, "batch": "all", "shuffle": false}, "trials": 1, "seed": 5}
      """)
    try daemons.waitForEnd(other)
    #expect(try daemons.database.trials(sweep: other).map(\.state) == ["succeeded"])
    let missing = try daemons.enqueue(
      """
      {"dataset": "order", "model": {"initial": "99999/nothing"}, "trials": 1}
      """)
    try daemons.waitForEnd(missing)
    // Found before anything is trained.
    #expect(try daemons.state(missing) == "refused")
    let reason: String = try daemons.value("select error from unroll.sweeps where id = \(missing)")
    #expect(reason.contains("99999"))
  }
}
