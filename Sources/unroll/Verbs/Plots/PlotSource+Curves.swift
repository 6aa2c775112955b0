import ArgumentParser
import Pictures
import Search
import Store

extension PlotSource {
  /// As many curves as a legend and an eye can tell apart.
  private static let named = 8

  /// The objective of all trials of a sweep by epoch, the best of them named.
  func curves(_ sweep: SweepReport) throws -> Plot {
    let objective = try objective(sweep)
    var metric = metrics?.first ?? objective.metric
    let split = split ?? objective.split
    var rows = try database.curves(sweep: sweep.id, metric: metric, split: split)
    if rows.isEmpty, metrics == nil {
      // An objective that is computed from metrics has no curve of its own.
      metric = "loss"
      rows = try database.curves(sweep: sweep.id, metric: metric, split: split)
    }
    guard !rows.isEmpty else { throw try noCurves(sweep, metric, split) }
    var points: [Int: [Point]] = [:]
    for row in rows {
      points[row.trialID, default: []].append(Point(Double(row.epoch), row.value))
    }
    let trials = try database.trials(sweep: sweep.id, limit: .max)
    let isLess = objective.goal == "minimize"
    let ranked = trials.filter { points[$0.id] != nil && $0.objective?.isFinite == true }
      .sorted { first, second in
        let (a, b) = (first.objective ?? 0, second.objective ?? 0)
        return a == b ? first.id < second.id : isLess ? a < b : a > b
      }
    let best = ranked.prefix(Self.named)
    let others = Set(points.keys).subtracting(best.map(\.id)).sorted()
    let plot = LinePlot(
      title: "\(split) \(metric)", horizontal: "epoch", vertical: "\(split) \(metric)",
      lines: best.map { trial in
        LinePlot.Line(
          "\(trial.id)  \(Format.metric(trial.objective ?? .nan))  \(settings(trial))",
          points[trial.id] ?? [])
      },
      background: others.compactMap { points[$0] }, backgroundName: "other trials",
      levels: try levels(sweep, metric, split))
    let curves = LearningCurves(
      title: "\(name(sweep)): learning curves",
      subtitle: "\(points.count) trials; named are the best \(best.count) by "
        + "\(objective.split) \(objective.metric): trial, what it reached, settings.",
      plots: [plot])
    return Plot(curves.picture) { curves.lines(width: $0) }
  }

  /// Loss and objective of one trial on all splits, or the objective of several.
  func curves(trials ids: [Int]) throws -> Plot {
    let trials = try ids.map { try database.trial(id: $0) }
    let sweep = try database.sweep(id: trials[0].sweepID)
    let objective = try objective(sweep)
    let names = metrics ?? (objective.metric == "loss" ? ["loss"] : ["loss", objective.metric])
    let rows = try trials.map { try database.curve(trial: $0.id) }
    let isAlone = trials.count == 1
    let plots = try names.map { metric -> LinePlot in
      let splits = isAlone ? ["train", "validation", "test"] : [split ?? objective.split]
      let lines = zip(trials, rows).flatMap { trial, rows in
        splits.compactMap { split -> LinePlot.Line? in
          let points = rows.filter { $0.name == metric && $0.split == split }
            .map { Point(Double($0.epoch), $0.value) }
          // What was looked at once, at the end, is no curve.
          guard points.count > (split == "test" ? 1 : 0) else { return nil }
          return LinePlot.Line(isAlone ? split : "\(trial.id)  \(settings(trial))", points)
        }
      }
      return LinePlot(
        title: isAlone ? metric : "\(splits[0]) \(metric)", horizontal: "epoch", vertical: metric,
        lines: lines, levels: isAlone ? try levels(sweep, metric, objective.split) : [],
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
      subtitle: isAlone ? settings(trials[0]) : "", plots: plots)
    return Plot(curves.picture) { curves.lines(width: $0) }
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
