import ArgumentParser
import Orchestration
import Postgres
import Search
import Store

/// The trials of a sweep in several metrics, and those that no other beats in all.
struct ParetoTrials {
  /// A trial that has a finite number for every metric.
  struct Candidate {
    let entry: LeaderboardEntry
    let assignment: Assignment
    let values: [Double]
  }

  /// What trials are compared in.
  struct Axis {
    /// The metric, or the expression over some.
    let name: String
    /// The split on which it is measured; nil for the time spent training.
    let split: String?
    /// Whether more is better.
    let isGain: Bool
    /// The value of a trial, whose metrics are known by split and name.
    let value: (LeaderboardEntry, (String, String) -> Double?) -> Double?

    /// What people read: `validation loss`.
    var title: String { split.map { "\($0) \(Format.title(name))" } ?? name }
  }

  /// The metric that is no metric: the time spent training.
  static let effort = "training_seconds"

  let axes: [Axis]
  let candidates: [Candidate]
  /// Places of the front among the candidates, the best in the first metric first.
  let front: [Int]

  /// Checks names that a person gave.
  ///
  /// - Throws: `ValidationError` for one that is not known, for one alone, and for one named twice.
  static func check(_ named: [String]) throws {
    let known = SpecSchema.sweep.metrics.map(\.name) + [effort]
    if let unknown = named.first(where: { !known.contains($0) }) {
      let all = known.joined(separator: ", ")
      throw ValidationError("--metrics: no metric \(unknown); there are \(all).")
    }
    guard named.count >= 2, Set(named).count == named.count else {
      throw ValidationError("--metrics takes two or more that differ, with commas between.")
    }
  }

  /// The objectives of a sweep of several; nil if there is one.
  private static func objectives(_ database: Database, _ sweep: SweepReport) throws -> [Axis]? {
    let spec = try SweepSpec.stored(
      try database.spec(sweep: sweep.id).text, file: "spec", schema: .sweep)
    guard spec.objectives.count > 1 else { return nil }
    return spec.objectives.map { objective in
      Axis(name: objective.metric, split: objective.split, isGain: objective.goal == .maximize) {
        _, metric in objective.value { metric(objective.split, $0) }
      }
    }
  }

  /// A metric by its name, on the split of the objective.
  private static func axis(_ name: String, _ objective: Store.Objective) -> Axis {
    guard name != effort else {
      return Axis(name: name, split: nil, isGain: false) { entry, _ in entry.trainingSeconds }
    }
    guard name != objective.metric else {
      return Axis(name: name, split: objective.split, isGain: objective.goal == "maximize") {
        entry, _ in entry.objective
      }
    }
    let goal = SpecSchema.sweep.metrics.first { $0.name == name }?.goal
    return Axis(name: name, split: objective.split, isGain: goal == .maximize) { _, metric in
      metric(objective.split, name)
    }
  }

  /// Reads them.
  ///
  /// - Parameters:
  ///   - database: Where.
  ///   - sweep: Of which sweep.
  ///   - objective: What it is about.
  ///   - named: The metrics; if nil the objectives, or the one and the time spent training.
  /// - Throws: `StoreError`.
  init(
    _ database: Database, _ sweep: SweepReport, _ objective: Store.Objective, named: [String]?
  ) throws {
    let axes =
      try named.map { $0.map { Self.axis($0, objective) } } ?? Self.objectives(database, sweep)
      ?? [objective.metric, Self.effort].map { Self.axis($0, objective) }
    var values: [Int: [String: [String: Double]]] = [:]
    for split in Set(axes.compactMap(\.split)) {
      for metric in try database.finalMetrics(sweep: sweep.id, split: split) {
        values[metric.trialID, default: [:]][split, default: [:]][metric.name] = metric.value
      }
    }
    let candidates = try database.leaderboard(sweep: sweep.id, limit: .max).compactMap {
      entry -> Candidate? in
      let found = axes.compactMap { $0.value(entry) { values[entry.trialID]?[$0]?[$1] } }
      guard found.count == axes.count, found.allSatisfy(\.isFinite) else { return nil }
      return Candidate(
        entry: entry, assignment: try Assignment(json: entry.params.text), values: found)
    }
    let signs: [Double] = axes.map { $0.isGain ? -1 : 1 }
    let losses = candidates.map { zip($0.values, signs).map(*) }
    (self.axes, self.candidates) = (axes, candidates)
    front = ParetoFront.indices(of: losses)
      .sorted { losses[$0].lexicographicallyPrecedes(losses[$1]) }
  }
}
