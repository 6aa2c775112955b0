import ArgumentParser
import Orchestration
import Pictures
import Store
import Training

extension PlotSource {
  /// What a trial forecast of the first series, beside the truth and what plain methods expected.
  ///
  /// - Parameters:
  ///   - id: The trial.
  ///   - step: How many steps ahead.
  ///   - most: How many forecasts are drawn, from the first on.
  /// - Returns: The picture.
  /// - Throws: `ValidationError` if no forecasts are stored.
  func forecast(_ id: Int, step: Int, most: Int) throws -> Plot {
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
    let forecasts = Dictionary(
      rows.map { ($0.position ?? $0.example, $0) }, uniquingKeysWith: { $1 })
    var truths = forecasts.mapValues(\.truth)
    var hasPast = false
    if isSeries {
      func known(_ split: String) throws -> [Int: Double] {
        try database.truths(trial: id, split: split, example: first.example)
      }
      truths.merge(try known(split)) { $1 }
      // What was before the test split is told too: it is what the eye compares with.
      let before = split == "test" ? try known("validation") : [:]
      hasPast = !before.isEmpty
      truths.merge(before) { $1 }
    }
    // Steps of which nothing is known leave a gap in the lines.
    let places =
      isSeries ? Array((truths.keys.min() ?? 0)...(truths.keys.max() ?? 0)) : truths.keys.sorted()
    let encoding = try? encoding(of: id)
    let dataset = isSeries ? try dataset(of: id) : nil
    let times = dataset?.times.flatMap { all in
      all.indices.contains(first.example - 1) ? all[first.example - 1] : nil
    }
    // Plain methods know all of the past, as a leaderboard's do.
    let past = dataset.flatMap { measured($0, series: first.example, encoding) } ?? truths
    func place(_ position: Int) -> Double {
      times.map { Double($0[position - 1]) } ?? Double(position)
    }
    let begin = forecasts.keys.min() ?? 0
    // What was measured after the last forecast of so many steps ahead is drawn too.
    let end = (forecasts.count > most ? forecasts.keys.sorted()[most - 1] : places.last) ?? 0
    let picture = Forecast(
      title: "Trial \(id) of sweep \(sweep.id), \(sweep.name): forecasts of the \(split) split",
      subtitle: subtitle(trial, all, isSeries ? step : nil),
      horizontal: times == nil
        ? .steps(isSeries ? "step of the series" : "example") : .moments("time"),
      vertical: isSeries ? encoding?.target ?? "value" : "value, in units of the data",
      places: places.map(place), truth: .init("truth", places.map { truths[$0] }),
      forecast: .init("forecast", places.map { forecasts[$0]?.prediction }),
      intervals: rows.contains { $0.lower != nil }
        ? [
          .init(
            "between the outer quantiles", low: places.map { forecasts[$0]?.lower },
            high: places.map { forecasts[$0]?.upper })
        ] : [],
      baselines: isSeries
        ? naive(step, season: encoding?.forecast?.season).map { name, source in
          .init(name, places.map { forecasts[$0] == nil ? nil : past[source($0)] })
        } : [],
      begin: hasPast ? place(begin) : nil,
      // Before them, half as many that were known.
      shown: places.first.map { first in place(max(first, begin - most / 2))...place(end) })
    return Plot(picture.picture)
  }

  private func dataset(of trial: Int) throws -> Dataset {
    try DatasetCache().dataset(TrialModels(database).dataset(trial: trial), from: database)
  }

  /// The target of a series at each step, from 1, with the last measured value where there is none.
  private func measured(
    _ dataset: Dataset, series: Int, _ encoding: Encoding?
  ) -> [Int: Double]? {
    guard case .values(let all, let channels) = dataset.inputs, all.indices.contains(series - 1),
      let target = encoding?.targetChannel, target < channels.count,
      encoding?.channels == channels
    else { return nil }
    let values = all[series - 1]
    var (past, last) = ([Int: Double](), Double?.none)
    for step in 0..<values.count / channels.count {
      let value = values[step * channels.count + target]
      if !value.isNaN { last = Double(value) }
      past[step + 1] = last
    }
    return past
  }

  private func subtitle(_ trial: TrialReport, _ points: [ForecastPoint], _ step: Int?) -> String {
    var parts = [settings(trial)]
    if let step, let first = points.first {
      parts.append("\(step) \(step == 1 ? "step" : "steps") ahead")
      let series = Set(points.map(\.example)).count
      if series > 1 { parts.append("series \(first.example), the first of \(series)") }
    }
    return parts.filter { !$0.isEmpty }.joined(separator: "; ")
  }

  /// Where plain methods take from what they expect of a position, so many steps ahead.
  private func naive(_ step: Int, season: Int?) -> [(name: String, source: (Int) -> Int)] {
    let last = ("persistence", { (position: Int) in position - step })
    guard let season else { return [last] }
    return [
      last,
      (
        "seasonal naive",
        { position in
          // In the first season there is no other.
          let earlier = position - step + 1 - season + (step - 1) % season
          return earlier > 0 ? earlier : position - step
        }
      ),
    ]
  }

  /// What the inputs and outputs of a trial's model mean.
  private func encoding(of trial: Int) throws -> Encoding {
    let bytes = try database.content(
      of: database.artifact(trial: trial, name: Artifact.Name.plan))
    return try PlanDocument(decoding: bytes).encoding
  }
}

extension Encoding {
  /// The name of the channel that is predicted.
  fileprivate var target: String? {
    targetChannel.flatMap { place in
      channels.flatMap { $0.indices.contains(place) ? $0[place] : nil }
    }
  }
}
