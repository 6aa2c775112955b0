import Glibc
import Orchestration
import TestSupport
import Testing

/// What is told of trials on the test split, beside methods without a network.
@Suite(.scratchDatabaseForEach) struct LeaderboardTests {
  private func program(spams: Int) throws -> Program {
    let program = try Program()
    try program.good("migrate")
    let rows = (0..<120).map { "\($0 < spams ? "spam\twin a prize" : "ham\tsee you at") \($0)\n" }
    try program.importMessages(rows)
    return program
  }

  @Test func `an objective that is computed is computed on the test split too`() throws {
    let program = try program(spams: 40)
    let up = try program.start("up", "--slots", "2")
    try program.write(
      "sweep.yaml",
      """
      dataset: messages
      model: {cell: gru, hidden: {choice: [4, 5]}, embedding: 4}
      training: {epochs: 2, batch: 16}
      search: grid
      objective: {expression: "accuracy - 0.1 * loss", goal: maximize}
      """)
    try program.good("enqueue", "sweep.yaml", "--watch")
    let lines = try program.good("leaderboard", "latest").split(separator: "\n")
    #expect(lines[0].contains("test accuracy - 0.1 * loss"))
    let value = try program.good(
      "sql", "--values",
      """
      select round((test_accuracy - 0.1 * test_loss)::numeric, 4) from unroll.leaderboard
      order by rank, number limit 1
      """)
    let best = try #require(lines.first { $0.hasPrefix("1 ") })
    #expect(best.contains(value.prefix { $0 != "\n" }) && !best.contains("–"), "\(best), \(value)")
    // What is computed has curves, as what is measured.
    #expect(
      try program.good("plot", "curves", "latest").contains("validation accuracy - 0.1 * loss   ●"))
    let means = try program.good("ensemble", "latest", "--best", "2")
    #expect(means.contains("\naccuracy - 0.1 * loss  ") && !means.contains("is not compared"))
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `a forecast that is worse than no model is told so, though losses have no match`()
    throws
  {
    let program = try Program()
    try program.good("migrate")
    try program.write("series.csv", "load\n" + (0..<120).map { "\(50 + $0)\n" }.joined())
    try program.good(
      "dataset", "import", "series.csv", "--name", "series", "--format", "csv", "--values", "load")
    let up = try program.start("up", "--slots", "2")
    try program.write(
      "sweep.yaml",
      """
      dataset: {name: series, window: 7, horizon: 1, split: {test: 30, validation: 20}}
      model: {hidden: {choice: [3, 4]}}
      training: {epochs: 1, rate: 0.0000001}
      search: grid
      """)
    let watched = try program.good("enqueue", "sweep.yaml", "--watch")
    #expect(watched.contains("Ranked by validation loss"))
    #expect(watched.contains("On the test split persistence (rmse 1.0000) is better than the best"))
    let means = try program.good("ensemble", "latest", "--best", "2")
    #expect(means.contains("validation loss, the objective, is not compared: a mean of numbers"))
    #expect(watched.contains("the test split was looked at once"))
    try program.write(
      "alone.yaml",
      """
      dataset: {name: series, window: 7, horizon: 1, split: {test: 0, validation: 20}}
      model: {hidden: 3}
      training: {epochs: 1}
      trials: 1
      """)
    let alone = try program.good("enqueue", "alone.yaml", "--watch")
    #expect(alone.contains("Ranked by validation loss; nothing is known of a test split."))
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `a class that is not there has no recall, wherever it is told`() throws {
    let program = try program(spams: 3)
    let up = try program.start("up", "--slots", "1")
    try program.write(
      "sweep.yaml",
      "dataset: messages\nmodel: {hidden: 4, embedding: 4}\ntraining: {epochs: 2}\ntrials: 1\n")
    try program.good("enqueue", "sweep.yaml", "--watch")
    func words(_ printed: String, _ start: String) throws -> [Substring] {
      try #require(printed.split(separator: "\n").last { $0.drop { $0 == " " }.hasPrefix(start) })
        .split(separator: " ")
    }
    let told = try words(program.good("trial", "1"), "spam ")
    #expect(told.count == 5 && told[2] == "–" && told[4] == "0", "\(told)")
    let drawn = try program.good("plot", "confusion", "1")
    #expect(try words(drawn, "spam ").last == "–")
    // What is never answered has no precision either.
    #expect(try (words(drawn, "prec.").last == "–") == (told[1] == "–"), "\(drawn)")
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }
}
