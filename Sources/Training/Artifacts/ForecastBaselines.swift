extension PreparedData {
  /// The plain forecasts: the mean, the last value for ever and, with seasons, the values of the last
  /// season again.
  func forecasts(_ forecast: ForecastEncoding) -> [Baseline] {
    guard let series = train.forecast else { return [] }
    let mean = train.mean(series)
    var baselines = [
      plain("mean", forecast) { _, _ in mean },
      plain("persistence", forecast) { origin, _ in Double(series.filled[value: origin - 1]) },
    ]
    if let season = forecast.season {
      baselines.append(
        plain("seasonal-naive", forecast) { origin, step in
          let first = series.firsts.last { $0 < origin } ?? 0
          // In the first season there is no other.
          let earlier = origin - season + step % season
          return Double(series.filled[value: earlier >= first ? earlier : origin - 1])
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
      guard let series = split.forecast else { return tally }
      for sequence in 0..<split.count {
        let origin = split.origin(sequence)
        let numbers = (0..<forecast.horizon).flatMap { step in
          repeatElement(answer(origin, step), count: forecast.answersPerStep)
        }
        tally.add(
          numbers, truths: series.truths(origin, steps: forecast.horizon)[...], forecast)
      }
      return tally
    }
  }
}

extension Sequences {
  /// The mean of what was measured in the steps that are predicted here, each once.
  fileprivate func mean(_ series: ForecastAnswers) -> Double {
    var (sum, measured, end) = (0.0, 0, 0)
    for sequence in 0..<count {
      let origin = origin(sequence)
      defer { end = origin + 1 }
      guard origin >= end else { continue }
      let value = series.observed[value: origin]
      if !value.isNaN { (sum, measured) = (sum + Double(value), measured + 1) }
    }
    return sum / Double(max(measured, 1))
  }
}
