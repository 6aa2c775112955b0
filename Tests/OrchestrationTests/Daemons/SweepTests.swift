import Postgres
import Store
import TestSupport
import Testing

/// Whole sweeps, from the queue to the results.
@Suite(.scratchDatabaseForEach) struct SweepTests {
  @Test func `a grid of six has six results, each whole`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker(slots: 2)
    let sweep = try daemons.enqueue(Daemons.small)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()

    #expect(try daemons.state(sweep) == "finished")
    let trials = try daemons.database.trials(sweep: sweep)
    #expect(trials.count == 6)
    #expect(trials.allSatisfy { $0.state == "succeeded" && $0.attempts == 1 })
    #expect(Set(trials.map(\.params)).count == 6)
    #expect(try daemons.value("select count(*) from unroll.baselines") > 0)
    #expect(try daemons.value("select count(*) from unroll.decisions where kind = 'create'") == 6)
    for trial in trials {
      let best = try #require(trial.bestEpoch)
      let curve = try daemons.database.curve(trial: trial.id)
      #expect(Set(curve.filter { $0.split == "train" }.map(\.epoch)) == [1, 2, 3])
      let accuracies = curve.filter { $0.split == "validation" && $0.name == "accuracy" }
      #expect(accuracies.map(\.value).max() == trial.objective)
      #expect(accuracies.first { $0.epoch == best }?.value == trial.objective)
      let final = try daemons.database.finalMetrics(trial: trial.id)
      #expect(final.contains { $0.split == "test" && $0.name == "accuracy" && $0.epoch == best })
      let artifacts = try daemons.database.artifacts(trial: trial.id)
      #expect(artifacts.map(\.name).contains("model.safetensors"))
      for artifact in artifacts {
        #expect(try daemons.database.content(of: artifact).count == artifact.bytes)
      }
    }
    // Whoever stops has left: nobody waits for a lease to run out.
    #expect(try daemons.database.workers().map(\.state) == ["dead"])
  }

  @Test func `one slot and four give the same bits`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    var results: [[String]] = []
    for slots in [1, 4] {
      let worker = daemons.worker(slots: slots)
      let sweep = try daemons.enqueue(Daemons.small)
      try daemons.waitForEnd(sweep)
      try worker.stop()
      results.append(try daemons.results(sweep))
    }
    try scheduler.stop()
    #expect(results[0].count == 6)
    #expect(results[0] == results[1])

    // The comparison sees what it should: another seed is another result.
    let scheduler2 = daemons.scheduler()
    let worker = daemons.worker()
    let other = try daemons.enqueue(
      Daemons.small.replacing("seed: 11", with: "seed: 12"))
    try daemons.waitForEnd(other)
    try worker.stop()
    try scheduler2.stop()
    #expect(try daemons.results(other) != results[0])
  }

  @Test func `a session that holds a sweep holds up no other`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let held = try daemons.enqueue(Daemons.small)
    try daemons.wait("no trial is made") {
      try daemons.value("select count(*) = 6 from unroll.trials where sweep_id = \(held)")
    }
    let person = try Connection(daemons.options)
    var worker: Daemons.Running?
    try person.transaction {
      try person.query("select unroll.pause($1)", [held])
      worker = daemons.worker()
      let other = try daemons.enqueue(Daemons.small)
      try daemons.wait("the other sweep does not end") {
        // Who says something now and then may keep it.
        try person.query("select 1")
        return try daemons.state(other) == "finished"
      }
      #expect(try daemons.value("select count(*) = 6 from unroll.attempts"))
    }
    #expect(try daemons.value("select unroll.resume(\(held))"))
    try daemons.waitForEnd(held)
    #expect(try daemons.state(held) == "finished")
    try worker?.stop()
    try scheduler.stop()
  }

  @Test func `what the command would refuse is refused with the reason in the row`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let sweep = try daemons.database.enqueue(
      JSON(text: #"{"dataset": "order", "model": {"hidden": 0}}"#))
    try daemons.waitForEnd(sweep)
    try scheduler.stop()
    #expect(try daemons.state(sweep) == "refused")
    let error: String = try daemons.value("select error from unroll.sweeps where id = \(sweep)")
    #expect(error == "model.hidden: found 0, allowed: an integer from 1 to 65536")
  }

  @Test func `a trial that diverges fails once and holds up no other`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker()
    let sweep = try daemons.enqueue(
      """
      dataset: order
      model: {cell: rnn, nonlinearity: relu, hidden: 4}
      training: {rate: {choice: [0.01, 1.0e+30]}, optimizer: sgd, epochs: 2}
      search: grid
      """)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    #expect(try daemons.state(sweep) == "finished")
    let trials = try daemons.database.trials(sweep: sweep).sorted { $0.number < $1.number }
    #expect(trials.map(\.state) == ["succeeded", "failed"])
    #expect(trials.map(\.attempts) == [1, 1])
    #expect(try #require(trials[1].error).hasPrefix("diverged: "))
    // The cookbook reads what workers write.
    let question = try #require(SchemaFile.queries.first { $0.name == "diverged" })
    let told = try Connection(daemons.options).query(question.text).one()
    #expect(try told["number", as: Int.self] == 1)
    #expect(try (1...2).contains(told["epoch", as: Int.self]))
    #expect(try told["step", as: Int.self] >= 1)
    #expect(try told["rate", as: Double.self] == 1e30)
    #expect(try told["clipped", as: Bool.self] == false)
  }

  @Test func `many sweeps at once each have exactly their trials`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let standby = daemons.scheduler()
    let workers = [daemons.worker(slots: 2), daemons.worker(slots: 2)]
    let sweeps = try (1...5).map { count in
      try daemons.enqueue(
        """
        dataset: order
        model: {cell: gru, hidden: {int: [2, 5]}, embedding: 3}
        training: {epochs: 1, batch: 64}
        trials: \(count * 7)
        """)
    }
    for sweep in sweeps { try daemons.waitForEnd(sweep) }
    for worker in workers { try worker.stop() }
    try standby.stop()
    try scheduler.stop()
    for (sweep, count) in zip(sweeps, 1...5) {
      let trials = try daemons.database.trials(sweep: sweep)
      #expect(trials.map(\.number).sorted() == Array(0..<count * 7))
      #expect(trials.allSatisfy { $0.state == "succeeded" && $0.attempts == 1 })
    }
  }
}
