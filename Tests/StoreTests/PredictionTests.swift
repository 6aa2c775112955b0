import Dispatch
import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// What models said of each example: whose is kept, and how it is read.
@Suite struct PredictionTests {
  /// Ends a trial as a worker does: predictions are written only if the trial may be among the best.
  private func end(_ fixture: Fixture, _ database: Database, _ lease: Lease, _ objective: Double)
    throws
  {
    try end(fixture, database, lease, try fixture.result(objective))
  }

  /// The same on another thread than the fixture's.
  private func end(
    _ fixture: Fixture, _ database: Database, _ lease: Lease, _ result: TrialResult
  ) throws {
    let objective = result.objective
    var result = result
    if try !database.wantsPredictions(trial: lease.trial, objective: objective) {
      result.predictions = nil
    }
    try database.succeed(
      result, progress: fixture.progress(1, objective), cpuSeconds: 1, under: lease)
  }

  private func kept(_ fixture: Fixture, _ sweep: Int) throws -> [Int] {
    try fixture.connection.query(
      """
      select distinct number from unroll.predictions where sweep_id = $1 order by number
      """, [sweep]
    ).map { try $0[0] }
  }

  @Test(
    .scratchDatabase,
    arguments: [
      ("maximize", [5, 8], 2), ("minimize", [1, 3], 2), ("maximize", [5], nil), ("minimize", [], 0),
      ("maximize", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 20),
    ])
  func `the best of a sweep keep their predictions`(
    goal: String, best: [Int], count: Int?
  ) throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(
      trials: 10, goal: goal, count.map { #","predictions":\#($0)"# } ?? "")
    // Trials 5 and 8, and 1, 3 and 9, are equal: the earlier number is better.
    let objectives = [0.5, 0.1, .nan, 0.1, 0.6, 0.9, 0.2, .nan, 0.9, 0.1]
    for claim in try fixture.claims(try fixture.worker(), 10).reversed() {
      try end(fixture, fixture.database, claim.lease, objectives[claim.number])
    }
    #expect(try kept(fixture, sweep) == best)
    #expect(try fixture.count("unroll_internal.prediction") == best.count)
  }

  @Test(.scratchDatabase) func `many that end at once keep exactly the best`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 60, #","predictions":3"#)
    let claims = try fixture.claims(try fixture.worker(), 60)
    // A permutation of 0..<60: many are the best so far when they end.
    let objectives = (0..<60).map { Double($0 * 37 % 60) / 60 }
    let results = try objectives.map { try fixture.result($0) }
    let connections = try (0..<6).map { _ in try fixture.another() }
    let failures = Collected<String>()
    DispatchQueue.concurrentPerform(iterations: connections.count) { thread in
      for claim in claims where claim.number % connections.count == thread {
        do {
          try end(fixture, connections[thread], claim.lease, results[claim.number])
        } catch {
          failures.append("\(error)")
        }
      }
    }
    #expect(failures.values.isEmpty)
    let best = (0..<60).sorted { objectives[$0] > objectives[$1] }.prefix(3).sorted()
    #expect(try kept(fixture, sweep) == best)
  }

  @Test(.scratchDatabase) func `who ends while a better one is about to commit gives way`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 2)
    let claims = try fixture.claims(try fixture.worker(), 2)
    // The first was told that it is wanted, and is slow.
    #expect(try fixture.database.wantsPredictions(trial: claims[0].lease.trial, objective: 0.5))
    try end(fixture, try fixture.another(), claims[1].lease, 0.8)
    try fixture.database.succeed(
      try fixture.result(0.5), progress: fixture.progress(1), cpuSeconds: 1,
      under: claims[0].lease)
    #expect(try kept(fixture, sweep) == [1])
    #expect(try fixture.state(claims[0].lease.trial) == "succeeded")
    #expect(try fixture.database.hasPredictions(trial: claims[0].lease.trial) == false)
  }

  @Test(.scratchDatabase) func `what a person asked for stays`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 3)
    let claims = try fixture.claims(try fixture.worker(), 3)
    try end(fixture, fixture.database, claims[0].lease, 0.5)
    try fixture.database.store(fixture.labelled(), trial: claims[0].lease.trial)
    try fixture.database.store(fixture.labelled(), trial: claims[0].lease.trial)
    try end(fixture, fixture.database, claims[1].lease, 0.8)
    #expect(try kept(fixture, sweep) == [0, 1])
    let error = try storeError {
      try fixture.database.store(fixture.labelled(), trial: claims[2].lease.trial)
    }
    #expect(error.code == .invalid && error.message.contains("allowed: a trial that succeeded"))
    try end(fixture, fixture.database, claims[2].lease, 0.9)
    #expect(try kept(fixture, sweep) == [0, 2])
  }

  @Test(.scratchDatabase) func `answers are rows beside the texts of their examples`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    // The canonical bytes of three texts, instead of the fixture's.
    let header = Array(#"{"input":"text","rows":3,"splits":false,"target":"none"}"#.utf8)
    let texts = ["first ☃", "", "third"].map { Array($0.utf8) }
    func word(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> (8 * $0) & 255) } }
    let content =
      Array("UNROLLDS".utf8) + word(1) + word(header.count) + header
      + texts.flatMap { word($0.count) } + texts.flatMap { $0 }
    let stored = try fixture.database.putDataset(
      NewDataset(
        name: "texts", version: try fixture.sha256(content), kind: "text",
        header: JSON(text: "{}"), summary: JSON(text: "{}"), examples: 3), content: content)
    try fixture.connection.query(
      "update unroll_internal.sweep set dataset_id = $1", [stored.id])
    let lease = try fixture.claim(try fixture.worker()).lease
    try end(fixture, fixture.database, lease, 0.5)
    let rows = try fixture.connection.query(
      """
      select concat_ws('|', split, example, text, truth, prediction, is_wrong, probability, loss)
      from unroll.predictions order by example
      """
    ).map { try $0[0, as: String.self] }
    #expect(
      rows == [
        "test|1|first ☃|a|a|f|0.75|0.25", "test|2||a|b|t|0.875|2", "test|3|third|b|b|f|0.5|0.5",
      ])
    let mistakes = try fixture.database.mistakes(trial: lease.trial, split: "test", limit: 5)
    #expect(mistakes.map(\.example) == [2] && mistakes[0].prediction == "b")
    #expect(mistakes[0].probability == 0.875 && mistakes[0].text == "")
    #expect(
      try fixture.database.mistakes(trial: lease.trial, split: "validation", limit: 5).isEmpty)
    // A window of a text is none of its examples.
    var windows = SplitAnswers(split: "test", examples: [1, 1])
    // Losses too large and too small for a real are the nearest ones.
    (windows.positions, windows.losses) = ([1, 33], [1e300, 1e-300])
    try fixture.database.store(
      TrialPredictions(labels: nil, splits: [windows]), trial: lease.trial)
    let told = try fixture.connection.query(
      "select position, text, loss::float8 from unroll.predictions order by position")
    #expect(try told.map { try $0[0, as: Int.self] } == [1, 33])
    #expect(
      try told.map { try $0[2, as: Double.self] } == [Double(Float.greatestFiniteMagnitude), 0])
    #expect(try told.allSatisfy { try $0[1, as: String?.self] == nil })
    // With its dataset go its places.
    #expect(try fixture.count("unroll_internal.example") == 3)
  }

  @Test(.scratchDatabase) func `forecasts have residuals, the largest first`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    try end(fixture, fixture.database, lease, 0.5)
    try fixture.database.store(fixture.forecast(), trial: lease.trial)
    let mistakes = try fixture.database.mistakes(trial: lease.trial, split: "test", limit: 2)
    #expect(mistakes.map(\.residual) == [3, -2])
    #expect(mistakes.map(\.position) == [13, 12] && mistakes.map(\.step) == [2, 1])
    #expect(mistakes.map(\.truth) == ["6", "5"] && mistakes.allSatisfy { $0.text == nil })
    #expect(
      try fixture.database.truths(trial: lease.trial, split: "test", example: 1)
        == [11: 4, 12: 5, 13: 6])
    let wrong: Bool? = try fixture.connection.query(
      "select bool_or(is_wrong) from unroll.predictions"
    ).one()[0]
    #expect(wrong == nil)
    let times: String = try fixture.connection.query(
      "select string_agg(time::text, ', ' order by position, step) from unroll.predictions"
    ).one()[0]
    #expect(
      times == "2010-01-01 00:00:00, 2010-01-01 01:00:00, 2010-01-01 01:00:00, 2010-01-01 02:00:00")
    #expect(mistakes[0].time == "2010-01-01T02:00:00" && mistakes[0].series == nil)
    try fixture.connection.query(
      """
      update unroll_internal.dataset set header = header || '{"series": ["Zürich"]}'
      """)
    let named = try fixture.database.mistakes(trial: lease.trial, split: "test", limit: 2)
    #expect(named.map(\.series) == ["Zürich", "Zürich"])
    try fixture.connection.query(
      """
      update unroll_internal.dataset set header = header || '{"series": null}'
      """)
    #expect(
      try fixture.database.mistakes(trial: lease.trial, split: "test", limit: 1).map(\.series)
        == [nil])
  }

  @Test(.scratchDatabase) func `classes are worked out by hand`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    var result = try fixture.result(0.5)
    // a: 7 found, 1 taken for b; b: 2 taken for a, 3 found; c never there, answered once.
    let counts = [("a", [7, 1, 0]), ("b", [2, 3, 1]), ("c", [0, 0, 0])]
    result.confusion = counts.flatMap { actual, row in
      zip(["a", "b", "c"], row).map { predicted, count in
        ConfusionCell(split: "test", actual: actual, predicted: predicted, count: count)
      }
    }
    try fixture.database.succeed(
      result, progress: fixture.progress(1), cpuSeconds: 1, under: lease)
    let classes = try fixture.database.classes(trial: lease.trial)
    #expect(classes.map(\.label) == ["a", "b", "c"])
    #expect(classes.map(\.support) == [8, 6, 0])
    #expect(classes.map(\.precision) == [7.0 / 9, 3.0 / 4, 0])
    #expect(classes.map(\.recall) == [7.0 / 8, 3.0 / 6, 0])
    for (found, expected) in zip(classes.map(\.f1), [14.0 / 17, 6.0 / 10, 0]) {
      #expect(abs(found - expected) < 1e-12)
    }
  }
}
