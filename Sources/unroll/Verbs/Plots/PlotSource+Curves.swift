import ArgumentParser
import Orchestration
import Pictures
import Search
import Store

extension PlotSource {
  /// As many curves as a legend and an eye can tell apart.
  private static let named = 8

  /// The objective, or other metrics, of all trials of a sweep by epoch, the best of them named.
  func curves(_ sweep: SweepReport) throws -> Plot {
    let objective = try objective(sweep)
    let split = split ?? objective.split
    func points(_ metric: String) throws -> [Int: [Point]] {
      try database.curves(sweep: sweep.id, metric: metric, split: split)
        .reduce(into: [:]) { points, row in
          points[row.trialID, default: []].append(Point(Double(row.epoch), row.value))
        }
    }
    let asked = metrics ?? []
    var found = try (asked.isEmpty ? [objective.metric] : asked).map {
      (metric: $0, points: try points($0))
    }
    if found[0].points.isEmpty, asked.isEmpty, split == objective.split {
      found[0].points = try computed(sweep, objective)
    }
    if let missing = found.first(where: \.points.isEmpty) {
      throw try noCurves(sweep, missing.metric, split)
    }
    let ids = Set(found.flatMap(\.points.keys))
    let trials = try database.trials(sweep: sweep.id, limit: .max).filter { ids.contains($0.id) }
    let ranked = try RankedTrials(database, sweep, objective, trials).ranked
    let best = Array(ranked.prefix(Self.named))
    let settings = settings(best.map(\.report))
    let others = ids.subtracting(best.map(\.report.id)).sorted()
    let plots = try found.map { metric, points in
      LinePlot(
        title: "\(split) \(metric)", horizontal: "epoch",
        vertical: "\(split) \(Format.title(metric))", axis: Self.axis(metric, objective),
        lines: zip(best, settings.own).map { trial, own in
          LinePlot.Line(
            "\(trial.report.id): \(trial.told)" + (own.isEmpty ? "" : ", \(own)"),
            points[trial.report.id] ?? [])
        },
        background: others.compactMap { points[$0] }, backgroundName: "other trials",
        levels: try levels(sweep, metric, split))
    }
    let curves = LearningCurves(
      title: "\(name(sweep)): learning curves",
      subtitle: subtitle(ids.count, named: best.count, "\(objective.split) \(objective.metric)")
        + (settings.shared.isEmpty ? "" : " All of these: \(settings.shared)."),
      plots: plots)
    return Plot(curves.picture) { curves.lines(width: $0) }
  }

  /// The curves of an objective that is computed from metrics, of which there are no rows.
  private func computed(
    _ sweep: SweepReport, _ objective: Store.Objective
  ) throws -> [Int: [Point]] {
    guard let curves = try ObjectiveCurves.measured(database, sweep, objective) else { return [:] }
    var points: [Int: [Point]] = [:]
    for trial in try database.trials(sweep: sweep.id, limit: .max)
    where curves.losses.indices.contains(trial.number) {
      let epochs = curves.losses[trial.number]
      guard !epochs.isEmpty else { continue }
      points[trial.id] = epochs.enumerated().map { epoch, losses in
        Point(Double(epoch + 1), curves.goals[0].loss(of: losses[0]))
      }
    }
    return points
  }

  /// How many curves there are, which of them are named, and what their names say.
  private func subtitle(_ count: Int, named: Int, _ objective: String) -> String {
    let trials = "\(count) \(count == 1 ? "trial" : "trials")"
    guard named > 0 else {
      return "\(trials), none of which has reached a \(objective) that is a number."
    }
    guard count > 1 else { return "\(trials): its number, what \(objective) it reached, settings." }
    let order =
      named == count
      ? "in the order of" : named == 1 ? "named is the best by" : "named are the best \(named) by"
    return "\(trials), \(order) \(objective): trial, what it reached, settings."
  }

  /// Loss and objective of one trial on all splits, or the objective of several.
  func curves(trials ids: [Int]) throws -> Plot {
    let trials = try ids.map { try database.trial(id: $0) }
    let sweep = try database.sweep(id: trials[0].sweepID)
    let objective = try objective(sweep)
    let names = metrics ?? (objective.metric == "loss" ? ["loss"] : ["loss", objective.metric])
    let rows = try trials.map { try database.curve(trial: $0.id) }
    let isAlone = trials.count == 1
    let settings = settings(trials)
    let plots = try names.map { metric -> LinePlot in
      let splits =
        split.map { [$0] } ?? (isAlone ? ["train", "validation", "test"] : [objective.split])
      let lines = zip(zip(trials, settings.own), rows).flatMap { named, rows in
        splits.compactMap { split -> LinePlot.Line? in
          let points = rows.filter { $0.name == metric && $0.split == split }
            .map { Point(Double($0.epoch), $0.value) }
          // What was looked at once, at the end, is no curve.
          guard points.count > (split == "test" ? 1 : 0) else { return nil }
          let (trial, own) = named
          return LinePlot.Line(
            isAlone ? split : "\(trial.id)" + (own.isEmpty ? "" : ": \(own)"), points)
        }
      }
      return LinePlot(
        title: isAlone ? metric : "\(splits[0]) \(metric)", horizontal: "epoch",
        vertical: Format.title(metric), axis: Self.axis(metric, objective), lines: lines,
        levels: isAlone ? try levels(sweep, metric, objective.split) : [],
        places: isAlone
          ? trials[0].bestEpoch.map { [.init("best epoch \($0)", at: Double($0))] } ?? [] : [])
    }.filter { !$0.lines.isEmpty }
    guard !plots.isEmpty else {
      let known = Set(rows.joined().map(\.name)).sorted()
      let which = ids.map(String.init).joined(separator: ", ")
      throw ValidationError(
        "trial \(which) has no curve of \(names.joined(separator: ", "))"
          + (known.isEmpty ? " yet" : "; there are: \(known.joined(separator: ", "))"))
    }
    let curves = LearningCurves(
      title: isAlone
        ? "Trial \(ids[0]) of sweep \(sweep.id), \(sweep.name): learning curves"
        : "Trials \(ids.map(String.init).joined(separator: ", ")): learning curves",
      subtitle: isAlone
        ? settings.own[0] : settings.shared.isEmpty ? "" : "All of these: \(settings.shared).",
      plots: plots)
    return Plot(curves.picture) { curves.lines(width: $0) }
  }

  /// A loss may fall over decades; of a share such as accuracy, what matters is how far it is from one.
  private static func axis(_ metric: String, _ objective: Store.Objective) -> LinePlot.Vertical {
    let isGain =
      metric == objective.metric
      ? objective.goal == "maximize"
      : SpecSchema.sweep.metrics.first { $0.name == metric }?.goal == .maximize
    return isGain ? .linear : .suitable
  }

  /// What methods without a network reach.
  private func levels(
    _ sweep: SweepReport, _ metric: String, _ split: String
  ) throws -> [LinePlot.Mark] {
    try database.baselines(sweep: sweep.id).filter { $0.metric == metric && $0.split == split }
      .map { LinePlot.Mark($0.name, at: $0.value) }
  }

  private func noCurves(
    _ sweep: SweepReport, _ metric: String, _ split: String
  ) throws -> ValidationError {
    let names = try database.curveNames(sweep: sweep.id).map { "\($0.split) \($0.metric)" }
    guard !names.isEmpty else { return noResults(sweep) }
    return ValidationError(
      "sweep \(sweep.id) has no curves of \(split) \(metric); there are: \(names.joined(separator: ", "))"
    )
  }
}
