import ArgumentParser
import FoundationEssentials
import Pictures
import Postgres
import Search
import Store

/// Reads rows and makes the values of pictures of them.
struct PlotSource {
  let database: Database
  /// What the person asked for; nil for what suits.
  let params, metrics: [String]?
  let split: String?

  /// What a sweep is called above its pictures.
  func name(_ sweep: SweepReport) -> String { "Sweep \(sweep.id), \(sweep.name)" }

  /// What a sweep is about.
  ///
  /// - Throws: `ValidationError` while it is not known, because the sweep has not begun.
  func objective(_ sweep: SweepReport) throws -> Store.Objective {
    guard let objective = sweep.objective else { throw noResults(sweep) }
    return objective
  }

  func noResults(_ sweep: SweepReport) -> ValidationError {
    ValidationError("sweep \(sweep.id) (\(sweep.name), \(sweep.state)) has no results to draw yet")
  }

  /// The number of a trial that a person named, or that of the best trial of a sweep by its name.
  func trial(_ text: String) throws -> Int {
    if let id = Int(text) { return try database.trial(id: id).id }
    let sweep = try database.sweep(matching: text)
    guard let best = sweep.bestTrialID else { throw noResults(sweep) }
    return best
  }

  /// `lstm, hidden 64, rate 0.003`: the settings of a trial; what is a word says itself what it is.
  func settings(_ trial: TrialReport) -> String { told(trial).joined(separator: ", ") }

  /// The settings in which trials differ, those of each, and those that all of them have.
  func settings(_ trials: [TrialReport]) -> (own: [String], shared: String) {
    let all = trials.map(told)
    guard let first = all.first, all.count > 1 else {
      return (all.map { $0.joined(separator: ", ") }, "")
    }
    let shared = first.filter { text in all.allSatisfy { $0.contains(text) } }
    return (
      all.map { $0.filter { !shared.contains($0) }.joined(separator: ", ") },
      shared.joined(separator: ", ")
    )
  }

  private func told(_ trial: TrialReport) -> [String] {
    ((try? Assignment(json: trial.params.text)) ?? Assignment([:]))
      .map { entry in
        let value = Format.value(entry.value)
        guard entry.value.string == nil else { return value }
        return "\(entry.path.split(separator: ".").last ?? "") \(value)"
      }
  }

  // MARK: Of sweeps

  func importance(_ sweep: SweepReport) throws -> Plot {
    let rows = try database.importance(sweep: sweep.id)
    if let lacking = sweep.lacking(importancesFrom: rows.map(\.trials)) {
      throw ValidationError(lacking)
    }
    let trials = rows.map(\.trials).max() ?? 0
    let bars = ImportanceBars(
      title: "\(name(sweep)): which settings mattered",
      subtitle:
        "PED-ANOVA: how the best tenth of \(sweep.counted(trials)) differs from all of them."
        + (trials < SweepReport.enoughTrials ? " \(SweepReport.hint)" : ""),
      shares: rows.map { ImportanceBars.Share($0.name, $0.importance, trials: $0.trials) })
    return Plot(bars.picture, lines: bars.lines)
  }

  func timeline(_ sweep: SweepReport) throws -> Plot {
    let attempts = try database.attempts(sweep: sweep.id)
    guard let first = attempts.first else {
      throw ValidationError(
        "no worker has taken a trial of sweep \(sweep.id) (\(sweep.name), \(sweep.state)) yet")
    }
    let timeline = Timeline(
      title: "\(name(sweep)): attempts by worker",
      subtitle: "The first attempt began at \(first.startedAt.formatted(.iso8601)).",
      attempts: attempts.map { attempt in
        let begin = attempt.startedAt.timeIntervalSince1970
        return Timeline.Attempt(
          worker: "\(attempt.host ?? "?"):\(attempt.pid ?? 0)", begin: begin,
          end: begin + attempt.seconds, outcome: attempt.outcome,
          name: "trial \(attempt.trialID), attempt \(attempt.attempt)")
      })
    return Plot(timeline.picture) { timeline.lines(width: $0) }
  }

  func pareto(_ sweep: SweepReport) throws -> Plot {
    let objective = try objective(sweep)
    if let metrics { try ParetoTrials.check(metrics) }
    let trials = try ParetoTrials(database, sweep, objective, named: metrics)
    guard !trials.candidates.isEmpty else {
      throw ValidationError(
        "no trial of sweep \(sweep.id) (\(sweep.name)) has succeeded with these metrics yet")
    }
    let front = Set(trials.front)
    let names = trials.axes.map { $0.split == nil ? "training, seconds" : $0.title }
    let picture = ParetoPicture(
      title: "\(name(sweep)): \(names.joined(separator: " against "))",
      subtitle: "Drawn: \(sweep.counted(trials.candidates.count)). "
        + "The front has the numbers of its trials.",
      metrics: zip(names, trials.axes).map { .init($0, isLessBetter: !$1.isGain) },
      candidates: trials.candidates.enumerated().map { index, candidate in
        .init(
          id: candidate.entry.trialID, values: candidate.values, isFront: front.contains(index))
      })
    return Plot(picture.picture)
  }

  // MARK: Of trials

  func confusion(_ id: Int) throws -> Plot {
    let trial = try database.trial(id: id)
    let sweep = try database.sweep(id: trial.sweepID)
    let cells = try database.confusion(trial: id)
    let splits = Set(cells.map(\.split)).sorted()
    guard let first = splits.contains("test") ? "test" : splits.first else {
      throw ValidationError(
        "trial \(id) (\(trial.state)) has no confusion matrix: only a trial that classifies and has succeeded has one"
      )
    }
    let split = split ?? first
    guard splits.contains(split) else {
      throw ValidationError(
        "--split: trial \(id) has no confusion matrix of \(split); there are: \(splits.joined(separator: ", "))"
      )
    }
    let matrix = ConfusionMatrix(
      title: "Trial \(id) of sweep \(sweep.id), \(sweep.name): \(split) split",
      subtitle: settings(trial),
      cells: cells.filter { $0.split == split }.map {
        .init(actual: $0.actual, predicted: $0.predicted, count: $0.count)
      })
    return Plot(matrix.picture, lines: matrix.lines)
  }

  func gradients(_ trials: [Int]) throws -> Plot {
    let flows = try trials.map { try TrialFlow(database, trial: $0) }
    return Plot { TrialFlow.picture(flows) }
  }
}
