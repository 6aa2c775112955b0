import Orchestration
import Search
import Store

/// Trials by what they reached, those that are under way by what they have reached so far.
struct RankedTrials {
  /// A trial and what it reached.
  struct Entry {
    let report: TrialReport
    /// The objective at its end, or the best one so far.
    let reached: Double

    /// `0.9821`, or `0.9821, running` of a trial that has no result.
    var told: String {
      Format.metric(reached) + (report.objective == nil ? ", \(report.state)" : "")
    }
  }

  /// Those that have reached a finite number, the best first.
  let ranked: [Entry]

  /// Ranks trials of a sweep.
  ///
  /// - Throws: `StoreError`.
  init(
    _ database: Database, _ sweep: SweepReport, _ objective: Store.Objective,
    _ trials: [TrialReport]
  ) throws {
    let isOver = trials.allSatisfy { $0.objective != nil }
    let soFar = isOver ? [:] : try Self.soFar(database, sweep, objective)
    ranked = trials.compactMap { trial -> Entry? in
      let reached = trial.objective ?? soFar[trial.number] ?? .nan
      guard reached.isFinite else { return nil }
      return Entry(report: trial, reached: reached)
    }.sorted { first, second in
      let (a, b) = (first.reached, second.reached)
      guard a != b else { return first.report.id < second.report.id }
      return objective.goal == "minimize" ? a < b : a > b
    }
  }

  /// The objective at the best epoch so far, by the numbers of trials within the sweep.
  private static func soFar(
    _ database: Database, _ sweep: SweepReport, _ objective: Store.Objective
  ) throws -> [Int: Double] {
    // The metric that is drawn may be there, and nothing yet of the one that trials are ranked by.
    guard let curves = try ObjectiveCurves.measured(database, sweep, objective) else { return [:] }
    let best = curves.losses.enumerated().compactMap { number, epochs -> (Int, Double)? in
      guard var best = epochs.first else { return nil }
      for losses in epochs where Search.Objective.isBetter(losses, than: best) { best = losses }
      return (number, curves.goals[0].loss(of: best[0]))
    }
    return Dictionary(uniqueKeysWithValues: best)
  }
}
