import Postgres
import Store
import TestSupport
import Testing

@Suite struct ReportTests {
  /// A finished sweep and a second one under way, with all that can happen to a trial.
  private func fill(_ fixture: Fixture) throws -> Int {
    let database = fixture.database
    let cells = ["rnn", "lstm", "gru"]
    let sweep = try fixture.sweep(trials: 9) { number in
      #"{"model.cell":"\#(cells[number % 3])","model.hidden":\#(8 << (number / 3))}"#
    }
    let worker = try fixture.worker()
    for claim in try fixture.claims(worker, 6) {
      try database.write(
        fixture.progress(1, checkpoint: try fixture.checkpoint(epoch: 1)), under: claim.lease)
      try fixture.succeed(claim.lease, Double(80 + claim.number) / 100)
    }
    let diverged = try fixture.claim(worker).lease
    try database.write(fixture.progress(1), under: diverged)
    try database.fail(diverged, error: Self.divergence, retry: false, cpuSeconds: 3)
    let doomed = try fixture.worker(host: "doomed")
    let lost = try fixture.claim(doomed).lease
    try database.write(
      fixture.progress(1, checkpoint: try fixture.checkpoint(epoch: 1)), under: lost)
    try fixture.silence(doomed)
    _ = try database.reap(by: fixture.leader)
    try fixture.skipBackoff()
    var resumed = 0
    for claim in try fixture.claims(worker, 2) {
      try fixture.succeed(claim.lease, 0.7)
      resumed = claim.lease.trial
    }
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
    try database.store(fixture.forecast(), trial: resumed)
    return sweep
  }

  @Test(.scratchDatabase) func `every question of the cookbook has an answer`() throws {
    let fixture = try Fixture()
    _ = try fill(fixture)
    #expect(SchemaFile.queries.count >= 12)
    for question in SchemaFile.queries {
      #expect(question.text.hasPrefix("-- "), "\(question.name)")
      #expect(question.text.prefix { $0 != "\n" }.hasSuffix("?"), "\(question.name)")
      #expect(try fixture.connection.query(question.text).count >= 1, "\(question.name)")
    }
  }

  /// What a worker writes of a trial without a limit of the norm; there are no metrics of that epoch. That
  /// workers do so is tested with them.
  private static let divergence =
    "diverged: the train loss or its gradient was not finite in epoch 2 at step 17; the last gradient before "
    + "it had the norm 3.4e+12; training.clip_norm: 1 or a smaller training.rate than 0.5 may help"

  @Test(.scratchDatabase) func `the cookbook tells trials that diverged from others that failed`()
    throws
  {
    let fixture = try Fixture()
    let database = fixture.database
    _ = try fixture.sweep(trials: 3) { #"{"training.clip_norm":\#($0)}"# }
    let errors = [
      Self.divergence, "the data are gone",
      Self.divergence.replacing("training.clip_norm: 1 or ", with: "")
        .replacing("than 0.5 may", with: "than 1e+30, or fewer steps back, may"),
    ]
    let worker = try fixture.worker()
    for claim in try fixture.claims(worker, 3) {
      try database.fail(claim.lease, error: errors[claim.number], retry: false, cpuSeconds: 1)
    }
    let question = try #require(SchemaFile.queries.first { $0.name == "diverged" })
    let rows = try fixture.connection.query(question.text)
    #expect(try rows.map { try $0["number", as: Int.self] } == [0, 2])
    #expect(try rows.map { try $0["epoch", as: Int.self] } == [2, 2])
    #expect(try rows.map { try $0["step", as: Int.self] } == [17, 17])
    #expect(try rows.map { try $0["rate", as: Double.self] } == [0.5, 1e30])
    #expect(try rows.map { try $0["clipped", as: Bool.self] } == [false, true])
  }

  @Test(.scratchDatabase) func `trials with an error are found behind a thousand without`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 1200)
    try fixture.connection.query(
      """
      update unroll_internal.status s set error = 'it broke'
      from unroll_internal.trial t where t.id = s.trial_id and t.number in (3, 1100, 1150)
      """)
    let faulty = try fixture.database.faultyTrials(sweep: sweep, limit: 2)
    #expect(faulty.first.map(\.number) == [3, 1100] && faulty.count == 3)
    #expect(faulty.first.map(\.error) == ["it broke", "it broke"])
    let other = try fixture.sweep(trials: 1)
    let none = try fixture.database.faultyTrials(sweep: other, limit: 2)
    #expect(none.first.isEmpty && none.count == 0)
  }

  @Test(.scratchDatabase) func `the reports say what happened`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fill(fixture)
    let report = try database.sweep(id: sweep)
    #expect(report.state == "finished")
    #expect(report.succeeded == 8)
    #expect(report.failed == 1)
    #expect(report.bestObjective == 0.85)
    #expect(report.bestNumber == 5)
    #expect(try #require(report.trialsPerMinute) > 0)
    let progress = try database.progress(sweep: sweep)
    #expect(progress.ended == 9)
    #expect(progress.best == 0.85)

    let leaders = try database.leaderboard(sweep: sweep, limit: 20)
    #expect(leaders.map(\.rank) == [1, 2, 3, 4, 5, 6, 7, 7])
    #expect(leaders[0].number == 5)
    #expect(abs(try #require(leaders[0].testAccuracy) - 0.84) < 1e-12)
    #expect(leaders[0].testLoss == nil)
    #expect(
      try leaders[0].params.decode([String: Value].self)
        == ["model.cell": .text("gru"), "model.hidden": .number(16)])

    let best = leaders[0].trialID
    #expect(
      try database.finalMetrics(trial: best).map { "\($0.split) \($0.name)" }
        == ["test accuracy", "train accuracy", "validation accuracy", "train loss"])
    #expect(try database.confusion(trial: best).map(\.count) == [7, 1])
    #expect(try database.baselines(sweep: sweep).map(\.value) == [0.5])
    let artifact = try database.artifact(trial: best, name: "model.safetensors")
    #expect(try database.content(of: artifact) == Array("model 0.85".utf8))
    #expect(try fixture.sha256(Array("model 0.85".utf8)) == artifact.sha256)
    #expect(try database.artifacts(sweep: sweep).count == 8)

    let resumed = try #require(
      try database.trials(sweep: sweep).first { $0.losses == 1 })
    let attempts = try database.attempts(trial: resumed.id)
    #expect(attempts.map(\.outcome) == ["lost", "succeeded"])
    #expect(attempts.map(\.host) == ["doomed", "here"])
    #expect(attempts[1].resumed == CheckpointPosition(epoch: 1, step: 100))
    #expect(try database.workers().map(\.isAlive) == [true, false])
  }

  private enum Value: Decodable, Hashable {
    case text(String)
    case number(Double)
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
  }

  @Test(
    .scratchDatabase,
    arguments: [("maximize", [2, 0, 1, 3]), ("minimize", [1, 0, 2, 3])])
  func `no number comes last, whatever the goal`(goal: String, order: [Int]) throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 4, goal: goal)
    let objectives = [0.5, -.infinity, 0.75, .nan]
    for claim in try fixture.claims(try fixture.worker(), 4) {
      try fixture.succeed(claim.lease, objectives[claim.number])
    }
    let leaders = try fixture.database.leaderboard(sweep: sweep)
    #expect(leaders.map(\.number) == order)
    #expect(leaders.map(\.rank) == [1, 2, 3, 4])
    #expect(leaders[3].objective.isNaN)
    #expect(try fixture.database.sweep(id: sweep).bestNumber == order[0])
    #expect(try fixture.database.progress(sweep: sweep).best == objectives[order[0]])
    // What is no number can be shown as JSON too.
    #expect(leaders[3].testMetrics?.text.contains("NaN") == true)
  }

  @Test(.scratchDatabase) func `parameters have types`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1) { _ in
      #"{"training.rate":1e-3,"model.cell":"gru","data.lower":true,"none":null}"#
    }
    let rows = try fixture.connection.query(
      "select name, text, value from unroll.params order by name")
    #expect(
      try rows.map { try $0["name", as: String.self] }
        == ["data.lower", "model.cell", "none", "training.rate"])
    #expect(try rows.map { try $0["text", as: String?.self] } == ["true", "gru", nil, "0.001"])
    #expect(try rows.map { try $0["value", as: Double?.self] } == [nil, nil, nil, 0.001])
  }

  @Test(.scratchDatabase) func `reports come as JSON with the names of the views`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fill(fixture)
    let best = try #require(try database.leaderboard(sweep: sweep).first).trialID
    let reports: [(Report, Int, String)] = [
      (.sweeps(), 1, "best_objective"), (.sweep(id: sweep), 1, "trials_per_minute"),
      (.trials(sweep: sweep), 9, "params"), (.trial(id: best), 1, "state"),
      (.leaderboard(sweep: sweep, limit: 3), 3, "rank"), (.baselines(sweep: sweep), 1, "value"),
      (.decisions(sweep: sweep, limit: 2), 2, "reason"), (.curve(trial: best), 4, "epoch"),
      (.finalMetrics(trial: best), 4, "metric"), (.confusion(trial: best), 2, "predicted"),
      (.attempts(trial: best), 1, "outcome"), (.artifacts(trial: best), 1, "sha256"),
      (.artifacts(sweep: sweep), 8, "media_type"), (.workers(), 2, "alive"),
      (.classes(trial: best), 1, "recall"),
      (.mistakes(trial: best, split: "test", limit: 9), 1, "probability"), (.models(), 0, "name"),
      (.datasets, 1, "version"),
    ]
    for (report, count, name) in reports {
      let rows = try database.json(report)
      #expect(rows.count == count, "\(name)")
      #expect(rows.allSatisfy { $0.text.contains("\"\(name)\": ") }, "\(name)")
    }
  }
}
