import ArgumentParser
import Pictures
import Store

extension PlotSource {
  /// What a trial forecast of the first series, beside the truth and what came so many steps before.
  func forecast(_ id: Int, step: Int) throws -> Plot {
    let trial = try database.trial(id: id)
    let sweep = try database.sweep(id: trial.sweepID)
    let split = split ?? "test"
    let all = try database.forecasts(trial: id, split: split, step: step)
    guard let first = all.first else {
      throw ValidationError(
        "trial \(id) has no numbers that it forecast \(step) \(step == 1 ? "step" : "steps") ahead on "
          + "the \(split) split; of a trial that forecasts they are stored by: unroll predictions \(id)"
      )
    }
    let isSeries = first.position != nil
    let rows = isSeries ? all.filter { $0.example == first.example } : all
    // What was before the test split is told too: it is what the eye compares with.
    let before =
      isSeries && split == "test"
      ? try database.forecasts(trial: id, split: "validation", step: step)
        .filter { $0.example == first.example } : []
    var truths: [Int: Double] = [:]
    for row in before + rows { truths[row.position ?? row.example] = row.truth }
    let forecasts = Dictionary(
      rows.map { ($0.position ?? $0.example, $0) }, uniquingKeysWith: { $1 })
    let places = truths.keys.sorted()
    var subtitle = settings(trial)
    if isSeries { subtitle += "; \(step) \(step == 1 ? "step" : "steps") ahead" }
    let series = Set(all.map(\.example)).count
    if isSeries, series > 1 { subtitle += "; series \(first.example), the first of \(series)" }
    let picture = Forecast(
      title: "Trial \(id) of sweep \(sweep.id), \(sweep.name): forecasts of the \(split) split",
      subtitle: subtitle, horizontal: .steps(isSeries ? "step of the series" : "example"),
      vertical: "value, in units of the data", places: places.map(Double.init),
      truth: .init("truth", places.map { truths[$0] }),
      forecast: .init("forecast", places.map { forecasts[$0]?.prediction }),
      intervals: rows.contains { $0.lower != nil }
        ? [
          .init(
            "between the outer quantiles", low: places.map { forecasts[$0]?.lower },
            high: places.map { forecasts[$0]?.upper })
        ] : [],
      baseline: isSeries
        ? .init(
          "persistence", places.map { forecasts[$0] == nil ? nil : truths[$0 - step] }) : nil,
      begin: before.isEmpty ? nil : forecasts.keys.min().map(Double.init))
    return Plot(picture.picture)
  }
}
