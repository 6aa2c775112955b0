import Postgres
import Search
import Store

/// The best trials of a sweep for a person: what varied, the objective, the test split, and below
/// them what methods without a network reach.
struct LeaderboardTable {
  let sweep: SweepReport
  let entries: [LeaderboardEntry]
  let baselines: [Baseline]

  init(_ database: Database, _ sweep: SweepReport, limit: Int = 20) throws {
    self.sweep = sweep
    entries = try database.leaderboard(sweep: sweep.id, limit: limit)
    baselines = try database.baselines(sweep: sweep.id)
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
    let measured = Set(entries.flatMap { tests(of: $0).keys })
    return ["accuracy", "rmse"].first { $0 != objective.metric && measured.contains($0) }
  }

  private func tests(of entry: LeaderboardEntry) -> [String: Double] {
    (try? entry.testMetrics?.decode([String: Double].self)) ?? [:]
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
    let metrics = [objective.metric] + (extras.companion.map { [$0] } ?? [])
    var table = Table(
      [("#", .right), ("trial", .left)] + titles(paths).map { ($0, .left) }
        + [("\(objective.split) \(Format.title(objective.metric))", .right)]
        + metrics.map { ("test \(Format.title($0))", .right) }
        + (extras.effort ? [("epoch", .right), ("seconds", .right)] : []))
    for (entry, assignment) in zip(entries, assignments) {
      let test = tests(of: entry)
      let effort = ["\(entry.bestEpoch)", Format.decimal(entry.trainingSeconds, places: 1)]
      table.add(
        ["\(entry.rank)", "\(entry.trialID)"]
          + paths.map { assignment[$0].map(Format.value) ?? "–" }
          + [Format.metric(entry.objective)]
          + metrics.map { test[$0].map(Format.metric) ?? "–" }
          + (extras.effort ? effort : []))
    }
    for name in Set(baselines.map(\.name)).sorted() {
      func value(_ split: String, _ metric: String) -> String {
        baselines.first { $0.name == name && $0.split == split && $0.metric == metric }
          .map { Format.metric($0.value) } ?? "–"
      }
      table.add(
        ["–", name] + paths.map { _ in "" } + [value(objective.split, objective.metric)]
          + metrics.map { value("test", $0) } + (extras.effort ? ["", ""] : []))
    }
    return table
  }

  private func footnotes(_ objective: Store.Objective) -> [String] {
    var lines = [
      "Ranked by \(objective.split) \(objective.metric); the test split was looked at once, at the end of each trial."
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
    let metrics = [objective.metric] + (companion(of: objective).map { [$0] } ?? [])
    var order: [String] = []
    var groups: [String: [[String: Double]]] = [:]
    for entry in entries {
      let test = tests(of: entry)
      guard test[objective.metric] != nil else { continue }
      if groups[entry.params.text] == nil { order.append(entry.params.text) }
      groups[entry.params.text, default: []].append(test)
    }
    return order.filter { groups[$0].map { $0.count > 1 } ?? false }.prefix(3).map { params in
      let trials = groups[params] ?? []
      let told = metrics.compactMap { metric -> String? in
        let values = trials.compactMap { $0[metric] }
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

  /// Whether the best trial is worth its time, said plainly.
  private func verdict(_ objective: Store.Objective) -> String? {
    let metric = objective.metric
    guard let best = entries.first,
      let reached = tests(of: best)[metric]
    else { return nil }
    let isLess = objective.goal == "minimize"
    let better = baselines.filter {
      $0.split == "test" && $0.metric == metric
        && (isLess ? $0.value < reached : $0.value > reached)
    }.max { isLess ? $0.value > $1.value : $0.value < $1.value }
    guard let better else { return nil }
    return
      "On the test split \(better.name) (\(Format.metric(better.value))) is better than the best trial (\(Format.metric(reached)))."
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
