import ArgumentParser
import Orchestration
import Pictures
import Store
import Training

extension PlotSource {
  /// What a trial forecast of one series, beside the truth and what plain methods expected.
  ///
  /// - Parameters:
  ///   - id: The trial.
  ///   - series: The name or the number of the series; nil: the first.
  ///   - step: How many steps ahead.
  ///   - most: How many forecasts are drawn, from the first on.
  /// - Returns: The picture.
  /// - Throws: `ValidationError` if no forecasts are stored.
  func forecast(_ id: Int, series: String?, step: Int, most: Int) throws -> Plot {
    let trial = try database.trial(id: id)
    let sweep = try database.sweep(id: trial.sweepID)
    let split = split ?? "test"
    let all = try database.forecasts(trial: id, split: split, step: step)
    guard !all.isEmpty else {
      throw ValidationError(
        "trial \(id) has no numbers that it forecast \(step) \(step == 1 ? "step" : "steps") ahead on "
          + "the \(split) split; of a trial that forecasts they are stored by: unroll predictions \(id)"
      )
    }
    let isSeries = all[0].position != nil
    guard let first = series.map({ named($0, isSeries ? all : []) }) ?? all.first else {
      var known: [String] = []
      for point in isSeries ? all : [] where known.count < 13 && known.last != name(of: point) {
        known.append(name(of: point))
      }
      throw ValidationError(
        "--series: found \(series ?? ""), allowed: "
          + (known.isEmpty
            ? "nothing, since trial \(id) does not go on with series"
            : known.prefix(12).joined(separator: ", ") + (known.count > 12 ? ", …" : "")))
    }
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
    let document = try? document(of: id)
    let encoding = document?.encoding
    let dataset = isSeries ? try dataset(of: id, document) : nil
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
      title: "Trial \(id) of sweep \(sweep.id), \(sweep.name): "
        + "\(isSeries ? "forecasts" : "predictions") of the \(split) split",
      subtitle: subtitle(trial, all, first, isSeries ? step : nil),
      horizontal: times == nil
        ? .steps(isSeries ? "step of the series" : "example") : .moments("time"),
      vertical: isSeries ? encoding?.target ?? "value" : "value, in units of the data",
      places: places.map(place), truth: .init("truth", places.map { truths[$0] }),
      forecast: .init(
        isSeries ? "forecast" : "prediction", places.map { forecasts[$0]?.prediction }),
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
      shown: places.first.map { first in place(max(first, begin - most / 2))...place(end) },
      isSeries: isSeries)
    return Plot(picture.picture)
  }

  /// The first forecast of a series that has this name, or else this number.
  private func named(_ series: String, _ points: [ForecastPoint]) -> ForecastPoint? {
    points.first { $0.series == series } ?? points.first { Int(series) == $0.example }
  }

  /// What a person calls the series of a forecast.
  private func name(of point: ForecastPoint) -> String { point.series ?? "\(point.example)" }

  /// The data of a trial, as its plan sees gaps.
  private func dataset(of trial: Int, _ document: PlanDocument?) throws -> Dataset {
    let dataset = try DatasetCache().dataset(
      TrialModels(database).dataset(trial: trial), from: database)
    return document?.plan.data.missing == .zero ? dataset.withZeros() : dataset
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

  private func subtitle(
    _ trial: TrialReport, _ points: [ForecastPoint], _ point: ForecastPoint, _ step: Int?
  ) -> String {
    var parts = [settings(trial)]
    if let step {
      parts.append("\(step) \(step == 1 ? "step" : "steps") ahead")
      let count = Set(points.map(\.example)).count
      if let name = point.series {
        parts.append("series '\(name)'" + (count > 1 ? ", one of \(count)" : ""))
      } else if count > 1 {
        parts.append("series \(point.example) of \(count)")
      }
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

  /// What a trial was to do, and what the inputs and outputs of its model mean.
  private func document(of trial: Int) throws -> PlanDocument {
    let bytes = try database.content(
      of: database.artifact(trial: trial, name: Artifact.Name.plan))
    return try PlanDocument(decoding: bytes)
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
