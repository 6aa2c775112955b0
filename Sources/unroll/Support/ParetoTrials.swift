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

  /// The metric that is no metric: the time spent training.
  static let effort = "training_seconds"

  let metrics: [String]
  /// Whether more of a metric is better.
  let isGain: [Bool]
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

  /// The metrics of a sweep of several objectives; nil if one of them is computed from others.
  private static func objectives(_ database: Database, _ sweep: SweepReport) throws -> [String]? {
    let spec = try SweepSpec.parse(
      try database.spec(sweep: sweep.id).text, file: "spec", schema: .sweep)
    guard spec.objectives.count > 1, spec.objectives.allSatisfy({ $0.expression == nil }) else {
      return nil
    }
    return spec.objectives.map(\.metric)
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
    let metrics =
      try named ?? Self.objectives(database, sweep) ?? [objective.metric, Self.effort]
    var values: [Int: [String: Double]] = [:]
    for metric in try database.finalMetrics(sweep: sweep.id, split: objective.split) {
      values[metric.trialID, default: [:]][metric.name] = metric.value
    }
    let candidates = try database.leaderboard(sweep: sweep.id, limit: .max).compactMap {
      entry -> Candidate? in
      let known = (values[entry.trialID] ?? [:]).merging(
        [objective.metric: entry.objective, Self.effort: entry.trainingSeconds]) { $1 }
      let found = metrics.compactMap { known[$0] }.filter(\.isFinite)
      guard found.count == metrics.count else { return nil }
      return Candidate(
        entry: entry, assignment: try Assignment(json: entry.params.text), values: found)
    }
    let isGain = metrics.map { metric in
      metric == objective.metric
        ? objective.goal == "maximize"
        : SpecSchema.sweep.metrics.first { $0.name == metric }?.goal == .maximize
    }
    let signs: [Double] = isGain.map { $0 ? -1 : 1 }
    let losses = candidates.map { zip($0.values, signs).map(*) }
    (self.metrics, self.isGain, self.candidates) = (metrics, isGain, candidates)
    front = ParetoFront.indices(of: losses)
      .sorted { losses[$0].lexicographicallyPrecedes(losses[$1]) }
  }
}
