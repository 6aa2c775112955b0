import Orchestration
import Postgres
import Search
import Store

/// The best trials of a sweep for a person: what varied, the objective, the test split, and below
/// them what methods without a network reach.
struct LeaderboardTable {
  let sweep: SweepReport
  let entries: [LeaderboardEntry]
  let baselines: [Baseline]
  private let objectiveValue: ObjectiveValue?
  /// What trials reached on the test split, by their numbers.
  private let tests: [Int: [String: Double]]

  init(_ database: Database, _ sweep: SweepReport, limit: Int = 20) throws {
    self.sweep = sweep
    entries = try database.leaderboard(sweep: sweep.id, limit: limit)
    tests = Dictionary(
      uniqueKeysWithValues: entries.map {
        ($0.trialID, (try? $0.testMetrics?.decode([String: Double].self)) ?? [:])
      })
    baselines = try database.baselines(sweep: sweep.id)
    objectiveValue = try sweep.objective.map { try ObjectiveValue(database, sweep, $0) }
  }

  /// The lines, as wide as the terminal at most.
  func lines() throws -> [String] {
    guard let objective = sweep.objective, !entries.isEmpty else {
      return ["no trial of sweep \(sweep.id) has succeeded yet"]
    }
    // What is told first is what a narrow terminal can do without last.
    let companion = companion(of: objective)
    let full = try table(objective, Extras(companion: companion, effort: true))
    let width = Terminal.width ?? .max
    var fitting = full
    if fitting.naturalWidth > width {
      fitting = try table(objective, Extras(companion: companion, effort: false))
    }
    if fitting.naturalWidth > width {
      fitting = try table(objective, Extras(companion: nil, effort: false))
    }
    return fitting.lines() + [""] + footnotes(objective)
  }

  /// What a reader wants to know beside the objective: a loss says little to a person.
  private func companion(of objective: Store.Objective) -> String? {
    guard objective.metric != "accuracy" else { return "f1" }
    let measured = Set(tests.values.flatMap(\.keys))
    return ["accuracy", "rmse"].first { $0 != objective.metric && measured.contains($0) }
  }

  /// A metric on the test split, or the objective there, also where it is computed.
  private func test(_ metric: String, of entry: LeaderboardEntry) -> Double? {
    objectiveValue?.value(metric) { tests[entry.trialID]?[$0] }
  }

  /// The same of a method without a network.
  private func value(_ metric: String, on split: String, of baseline: String) -> Double? {
    objectiveValue?.value(metric) { name in
      baselines.first { $0.name == baseline && $0.split == split && $0.metric == name }?.value
    }
  }

  /// The metrics that are told of the test split, as far as it has them.
  private func tested(_ objective: Store.Objective, _ companion: String?) -> [String] {
    ([objective.metric] + (companion.map { [$0] } ?? [])).filter { metric in
      entries.contains { test(metric, of: $0) != nil }
    }
  }

  /// Columns that are left out where there is no room.
  private struct Extras {
    let companion: String?
    /// The best epoch and the seconds.
    let effort: Bool
  }

  private func table(_ objective: Store.Objective, _ extras: Extras) throws -> Table {
    let assignments = try entries.map { try Assignment(json: $0.params.text) }
    let paths = Set(assignments.flatMap { $0.map(\.path) }).sorted()
    let metrics = tested(objective, extras.companion)
    var table = Table(
      [("#", .right), ("trial", .left)] + titles(paths).map { ($0, .left) }
        + [("\(objective.split) \(Format.title(objective.metric))", .right)]
        + metrics.map { ("test \(Format.title($0))", .right) }
        + (extras.effort ? [("epoch", .right), ("seconds", .right)] : []))
    for (entry, assignment) in zip(entries, assignments) {
      let effort = ["\(entry.bestEpoch)", Format.decimal(entry.trainingSeconds, places: 1)]
      table.add(
        ["\(entry.rank)", "\(entry.trialID)"]
          + paths.map { assignment[$0].map(Format.value) ?? "–" }
          + [Format.metric(entry.objective)]
          + metrics.map { test($0, of: entry).map(Format.metric) ?? "–" }
          + (extras.effort ? effort : []))
    }
    for name in Set(baselines.map(\.name)).sorted() {
      func told(_ metric: String, _ split: String) -> String {
        value(metric, on: split, of: name).map(Format.metric) ?? "–"
      }
      table.add(
        ["–", name] + paths.map { _ in "" } + [told(objective.metric, objective.split)]
          + metrics.map { told($0, "test") } + (extras.effort ? ["", ""] : []))
    }
    return table
  }

  private func footnotes(_ objective: Store.Objective) -> [String] {
    let ranked = "Ranked by \(objective.split) \(objective.metric)"
    let hasTest = entries.contains { $0.testMetrics != nil }
    var lines = [
      hasTest
        ? "\(ranked); the test split was looked at once, at the end of each trial."
        : "\(ranked); nothing is known of a test split."
    ]
    if !baselines.isEmpty {
      lines.append("– is a method without a network, fitted on the same split.")
    }
    lines += means(objective)
    if let verdict = verdict(objective) { lines.append(verdict) }
    return lines
  }

  /// What the settings that were tried more than once reach on the test split, the first ones.
  private func means(_ objective: Store.Objective) -> [String] {
    let metrics = tested(objective, companion(of: objective))
    var order: [String] = []
    var groups: [String: [LeaderboardEntry]] = [:]
    for entry in entries where test(objective.metric, of: entry) != nil {
      if groups[entry.params.text] == nil { order.append(entry.params.text) }
      groups[entry.params.text, default: []].append(entry)
    }
    return order.filter { groups[$0].map { $0.count > 1 } ?? false }.prefix(3).map { params in
      let trials = groups[params] ?? []
      let told = metrics.compactMap { metric -> String? in
        let values = trials.compactMap { test(metric, of: $0) }
        guard values.count > 1 else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let deviation = (squares / Double(values.count - 1)).squareRoot()
        return "\(metric) \(Format.metric(mean)) ± \(Format.metric(deviation))"
      }
      return "\(trials.count) trials of one setting\(groups.count > 1 ? " \(params)" : ""): "
        + "test \(told.joined(separator: ", ")) (mean and standard deviation)."
    }
  }

  /// Whether the best trial is worth its time, said plainly: by the first metric of the table that the
  /// methods without a network have too, since a loss in the scale of training is none of theirs.
  private func verdict(_ objective: Store.Objective) -> String? {
    guard let best = entries.first else { return nil }
    for metric in tested(objective, companion(of: objective)) {
      guard let reached = test(metric, of: best) else { continue }
      let others = Set(baselines.map(\.name)).sorted().compactMap { name in
        value(metric, on: "test", of: name).map { (name: name, value: $0) }
      }
      guard !others.isEmpty else { continue }
      let isLess = isLessBetter(metric, objective)
      let better = others.filter { isLess ? $0.value < reached : $0.value > reached }
        .max { isLess ? $0.value > $1.value : $0.value < $1.value }
      guard let better else { return nil }
      return
        "On the test split \(better.name) (\(metric) \(Format.metric(better.value))) is better than the best trial "
        + "(\(Format.metric(reached)))."
    }
    return nil
  }

  private func isLessBetter(_ metric: String, _ objective: Store.Objective) -> Bool {
    guard metric != objective.metric else { return objective.goal == "minimize" }
    return SpecSchema.sweep.metrics.first { $0.name == metric }?.goal == .minimize
  }

  /// The last word of each path, or all of it where two would look the same.
  private func titles(_ paths: [String]) -> [String] {
    let words = paths.map { String($0.split(separator: ".").last ?? "") }
    return zip(paths, words).map { path, word in words.count { $0 == word } == 1 ? word : path }
  }
}

extension Format {
  /// What a metric is called above its numbers: those in percent say so.
  static func title(_ metric: String) -> String {
    ["mape", "smape"].contains(metric) ? "\(metric) (%)" : metric
  }

  /// A metric: with four places, so that a column of them can be compared.
  static func metric(_ value: Double) -> String {
    value.isFinite && abs(value) < 100 && (abs(value) >= 0.001 || value == 0)
      ? decimal(value, places: 4) : number(value)
  }

  /// A hyperparameter.
  static func value(_ value: Value) -> String {
    switch value {
    case .string(let text): text
    // A value that was written as it is; one that was drawn with the digits that matter.
    case .number(let number): "\(number)".count <= 7 ? "\(number)" : Format.number(number)
    default: value.json
    }
  }
}
