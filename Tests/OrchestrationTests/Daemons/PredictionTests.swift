import Orchestration
import Postgres
import Store
import TestSupport
import Testing
import Training

/// What workers leave of the examples of a sweep's best trials.
@Suite(.scratchDatabaseForEach) struct PredictionTests {
  @Test func `the best trials leave what their metrics count`() throws {
    let daemons = try Daemons()
    let database = daemons.database
    let scheduler = daemons.scheduler()
    let worker = daemons.worker(slots: 2)
    let sweep = try daemons.enqueue(Daemons.small + "\npredictions: 2")
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    let leaders = try database.leaderboard(sweep: sweep)
    let kept = try database.connection.query(
      "select distinct trial_id from unroll.predictions"
    ).map { try $0[0, as: Int.self] }
    #expect(Set(kept) == Set(leaders.prefix(2).map(\.trialID)))

    func accuracies() throws -> [Int: Double] {
      let rows = try database.connection.query(
        """
        select trial_id, avg((not is_wrong)::int)::float8 from unroll.predictions
        where split = 'test' group by trial_id
        """)
      return Dictionary(uniqueKeysWithValues: try rows.map { (try $0[0], try $0[1]) })
    }
    func rows(_ trial: Int) throws -> [String] {
      try database.connection.query(
        """
        select concat_ws('|', split, example, truth, prediction, probability, loss)
        from unroll.predictions where trial_id = $1 order by split, example
        """, [trial]
      ).map { try $0[0] }
    }
    // Later, from what is stored: the same, to the bit.
    let before = try rows(leaders[0].trialID)
    #expect(before.count > 100)
    let models = TrialModels(database)
    #expect(try models.storePredictions(trial: leaders[0].trialID) == before.count)
    #expect(try rows(leaders[0].trialID) == before)
    #expect(try models.storePredictions(trial: leaders[5].trialID) == before.count)
    let found = try accuracies()
    #expect(found.count == 3)
    for leader in leaders {
      guard let accuracy = found[leader.trialID] else { continue }
      #expect(abs(accuracy - (leader.testAccuracy ?? .nan)) < 1e-12)
    }
    #expect(try models.best(3, of: database.sweep(id: sweep)) == leaders.prefix(3).map(\.trialID))
  }

  @Test func `thresholds and weights of labels come from the sweep file`() throws {
    let daemons = try Daemons()
    let database = daemons.database
    let texts = (0..<200).map { $0 % 4 == 0 ? "win a prize \($0 % 9)" : "see you \($0 % 9)" }
    _ = try database.put(
      Dataset(
        name: "messages", inputs: .texts(texts),
        labels: (0..<200).map { $0 % 4 == 0 ? "spam" : "ham" }))
    let scheduler = daemons.scheduler()
    let worker = daemons.worker()
    let sweep = try daemons.enqueue(
      """
      dataset: {name: messages, deduplicate: false}
      model: {hidden: 4, embedding: 4}
      training: {epochs: 1, rate: 0.01, label_weights: {spam: 3}, threshold: f1}
      trials: 1
      """)
    let refused = try daemons.enqueue(
      """
      dataset: messages
      training: {label_weights: {sham: 3}}
      trials: 1
      """)
    try daemons.waitForEnd(sweep)
    try daemons.waitForEnd(refused)
    try worker.stop()
    try scheduler.stop()
    let trial = try #require(try database.leaderboard(sweep: sweep).first).trialID
    let threshold = try #require(
      try database.finalMetrics(trial: trial).first { $0.name == "threshold" })
    #expect(threshold.split == "validation" && threshold.value > 0 && threshold.value < 1)
    let predictor = try Predictor(TrialModels(database).artifacts(trial: trial))
    #expect(predictor.document.threshold == threshold.value)
    #expect(predictor.document.plan.training.labelWeights == ["spam": 3])
    let error: String = try daemons.value("select error from unroll.sweeps where id = \(refused)")
    #expect(error.contains("the label 'sham'") && error.contains("spam"))
    // The texts are beside what was said of them.
    let wrong: Int = try daemons.value(
      """
      select count(*) from unroll.predictions
      where truth <> case when text like 'win a prize%' then 'spam' else 'ham' end
      """)
    #expect(wrong == 0)
    #expect(try daemons.value("select count(*) from unroll.predictions") == 40)
  }
}
