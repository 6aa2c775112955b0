import ArgumentParser
import Pictures
import Postgres
import Search
import Store

struct TrialVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trial",
    abstract: "Show a trial: parameters, curves, results, attempts, artifacts.",
    discussion: "The number is that of the leaderboard's column trial.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: ArgumentHelp("The number of the trial.", valueName: "id"))
  var trial: Int

  func run() throws {
    try database.withDatabase { database in
      if output.isJSON {
        _ = try database.trial(id: trial)
        return try printJSON(database)
      }
      let report = try database.trial(id: trial)
      let sweep = try database.sweep(id: report.sweepID)
      printHead(report, sweep)
      try printCurves(database, sweep)
      try printResults(database)
      try printAttempts(database)
      let artifacts = try database.artifacts(trial: trial)
      if !artifacts.isEmpty {
        print("\nartifacts (unroll artifact get \(trial) NAME)")
        for artifact in artifacts {
          print(
            "  \(artifact.name)  \(Format.bytes(artifact.bytes))  sha256 \(artifact.sha256.prefix(12))…"
          )
        }
      }
      print("\nwhy")
      for decision in try database.decisions(trial: trial) {
        print("  \(decision.kind): \(Terminal.readable(decision.reason))")
      }
    }
  }

  /// One object with everything, each part with the columns of its view.
  private func printJSON(_ database: Database) throws {
    func list(_ report: Report) throws -> String {
      "[" + (try database.json(report).map(\.text).joined(separator: ", ")) + "]"
    }
    let trial = try database.json(.trial(id: trial)).first?.text ?? "null"
    print(
      """
      {"trial": \(trial),
       "curve": \(try list(.curve(trial: self.trial))),
       "metrics": \(try list(.finalMetrics(trial: self.trial))),
       "confusion": \(try list(.confusion(trial: self.trial))),
       "classes": \(try list(.classes(trial: self.trial))),
       "attempts": \(try list(.attempts(trial: self.trial))),
       "artifacts": \(try list(.artifacts(trial: self.trial)))}
      """)
  }

  private func printHead(_ trial: TrialReport, _ sweep: SweepReport) {
    print(
      "trial \(trial.id)  number \(trial.number) of sweep \(sweep.id) (\(Terminal.readable(sweep.name)))  "
        + trial.state)
    if let error = trial.error { print("  " + Terminal.readable(error)) }
    if let assignment = try? Assignment(json: trial.params.text), !assignment.isEmpty {
      print(
        "  "
          + assignment.map { "\($0.path) \(Terminal.readable(Format.value($0.value)))" }
          .joined(separator: ", "))
    }
    if let objective = sweep.objective, let value = trial.objective {
      print(
        "  \(objective.split) \(Format.title(objective.metric)) \(Format.metric(value)) at epoch \(trial.bestEpoch ?? 0)"
          + " of \(trial.epochs ?? 0), \(Format.seconds(trial.trainingSeconds ?? 0))")
    }
  }

  private func printCurves(_ database: Database, _ sweep: SweepReport) throws {
    let curve = try database.curve(trial: trial)
    guard !curve.isEmpty else { return }
    var metrics = ["loss"]
    if let metric = sweep.objective?.metric, metric != "loss" { metrics.append(metric) }
    for metric in metrics {
      let series = [("train", "○"), ("validation", "●")].compactMap {
        split, mark -> TextChart.Series? in
        let points = curve.filter { $0.name == metric && $0.split == split }
        return points.isEmpty
          ? nil
          : TextChart.Series(
            name: split, mark: Character(mark),
            points: points.map { Point(Double($0.epoch), $0.value) })
      }
      guard !series.isEmpty else { continue }
      print("")
      let width = min(Terminal.width ?? 80, 100)
      for line in TextChart(title: Format.title(metric), series: series).lines(
        width: width, height: 9)
      {
        print(line)
      }
    }
  }

  private func printResults(_ database: Database) throws {
    let final = try database.finalMetrics(trial: trial)
    let names = final.map(\.name).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    if !names.isEmpty {
      print("\nwith the weights of the best epoch")
      let splits = ["train", "validation", "test"].filter { split in
        final.contains { $0.split == split }
      }
      var table = Table([("", .left)] + splits.map { ($0, .right) })
      for name in names {
        table.add(
          [Format.title(name)]
            + splits.map { split in
              final.first { $0.name == name && $0.split == split }
                .map { Format.metric($0.value) } ?? "–"
            })
      }
      for line in table.lines() { print("  " + line) }
    }
    let cells = try database.confusion(trial: trial).filter { $0.split == "test" }
    let labels = Set(cells.map(\.actual)).sorted()
    guard !labels.isEmpty, labels.count <= 12 else { return }
    print("\ntest split: rows are what it was, columns what the model said")
    var table = Table([("", .left)] + labels.map { ($0, .right) })
    for actual in labels {
      table.add(
        [actual]
          + labels.map { predicted in
            "\(cells.first { $0.actual == actual && $0.predicted == predicted }?.count ?? 0)"
          })
    }
    for line in table.lines() { print("  " + line) }
    try printClasses(database, cells)
  }

  /// How well each class is known, as pictures of the matrix have it: – where there is nothing to divide
  /// by, for which the view says 0.
  private func printClasses(_ database: Database, _ cells: [ConfusionCell]) throws {
    let classes = try database.classes(trial: trial).filter { $0.split == "test" }
    print("\ntest split, class by class")
    var table = Table([
      ("", .left), ("precision", .right), ("recall", .right), ("f1", .right), ("support", .right),
    ])
    for report in classes {
      let answers = cells.filter { $0.predicted == report.label }.reduce(0) { $0 + $1.count }
      func share(_ value: Double, of count: Int) -> String {
        count > 0 ? Format.decimal(value, places: 4) : "–"
      }
      table.add([
        report.label, share(report.precision, of: answers),
        share(report.recall, of: report.support),
        share(report.f1, of: answers + report.support), "\(report.support)",
      ])
    }
    for line in table.lines() { print("  " + line) }
  }

  private func printAttempts(_ database: Database) throws {
    let attempts = try database.attempts(trial: trial)
    guard !attempts.isEmpty else { return }
    print("\nattempts")
    var table = Table([
      ("#", .right), ("worker", .left), ("outcome", .left), ("from", .left), ("seconds", .right),
      ("cpu", .right), ("error", .left),
    ])
    for attempt in attempts {
      table.add([
        "\(attempt.attempt)", "\(attempt.host ?? "?"):\(attempt.pid ?? 0)", attempt.outcome,
        attempt.resumed.map { "epoch \($0.epoch), step \($0.step)" } ?? "the start",
        Format.decimal(attempt.seconds, places: 1),
        attempt.cpuSeconds.map { Format.decimal($0, places: 1) } ?? "–", attempt.error ?? "",
      ])
    }
    for line in table.lines() { print("  " + line) }
  }
}
