extension PreparedData {
  /// The plain forecasts: the mean, the last value for ever and, with seasons, the values of the last
  /// season again.
  func forecasts(_ forecast: ForecastEncoding) -> [Baseline] {
    guard let series = train.series else { return [] }
    let training = train.trainingValues(series)
    let mean = training.reduce(0) { $0 + Double($1) } / Double(max(training.count, 1))
    var baselines = [
      plain("mean", forecast) { _, _ in mean },
      plain("persistence", forecast) { origin, _ in Double(series.filled[origin - 1]) },
    ]
    if let season = forecast.season {
      baselines.append(
        plain("seasonal-naive", forecast) { origin, step in
          let first = series.firsts.last { $0 < origin } ?? 0
          // In the first season there is no other.
          let earlier = origin - season + step % season
          return Double(series.filled[earlier >= first ? earlier : origin - 1])
        })
    }
    return baselines
  }

  /// - Parameters:
  ///   - name: The name of the method.
  ///   - forecast: What is predicted.
  ///   - answer: The forecast in units of the data, given the first predicted step and how many lie
  ///     between it and the one in question.
  /// - Returns: What it reaches.
  private func plain(
    _ name: String, _ forecast: ForecastEncoding, _ answer: (Int, Int) -> Double
  ) -> Baseline {
    // A point is no interval, and its loss is of another kind.
    let names = ForecastTally.names(for: forecast).filter { $0 != "coverage" }
    return baseline(name, only: names) { split in
      var tally = Tally(encoding)
      guard let series = split.series else { return tally }
      for sequence in 0..<split.count {
        let origin = split.origin(sequence)
        let numbers = (0..<forecast.horizon).flatMap { step in
          repeatElement(answer(origin, step), count: forecast.answersPerStep)
        }
        tally.add(
          numbers, truths: series.observed[origin..<origin + forecast.horizon], forecast)
      }
      return tally
    }
  }
}

extension Sequences {
  /// What was measured in the steps that are predicted here, each once.
  fileprivate func trainingValues(_ series: SeriesValues) -> [Float] {
    var values: [Float] = []
    var end = 0
    for sequence in 0..<count {
      let origin = origin(sequence)
      if origin >= end { values.append(series.observed[origin]) }
      end = origin + 1
    }
    return values.filter { !$0.isNaN }
  }
}
