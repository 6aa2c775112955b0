/// What is asked of windows over series: the steps that follow, in units of the data and as a model is to
/// answer them. Answers are made when they are read.
public struct ForecastAnswers: Sendable {
  let forecast: ForecastEncoding
  /// The steps that are asked of a window.
  let width: Int
  /// The scale of each step's answer.
  let scale: Scale
  /// The target at each step; not a number where it was not measured.
  let observed: NumberSequences<Float>
  /// The target at each step, with the last measured value where there is none.
  let filled: NumberSequences<Float>
  /// The first step of each example of the dataset.
  let firsts: [Int]
  /// The time of each step, if the dataset has times.
  let times: NumberSequences<Int64>?

  /// What was measured in `steps` steps from `origin` on; not a number where nothing was.
  func truths(_ origin: Int, steps: Int) -> [Float] { observed[values: origin..<origin + steps] }

  /// The known values that the differences of `steps` steps from `origin` on begin at.
  func anchors(_ origin: Int, steps: Int) -> [Float] {
    guard let period = forecast.period else { return [] }
    return filled[values: origin - period..<origin - period + min(period, steps)]
  }

  /// What a model is to answer of the steps from `origin` on; not a number where nothing was measured.
  package func numbers(_ origin: Int) -> [Float] {
    let truths = truths(origin, steps: width)
    return (0..<width).map { step in
      var answer = forecast.level(Double(truths[step]))
      if let period = forecast.period {
        // Step by step each difference is that from the step one period before it; a model that answers
        // all steps at once knows the last values only.
        let earlier = forecast.isRecursive ? step : step % period
        answer -= forecast.level(Double(filled[value: origin - period + earlier]))
      }
      let column = forecast.isRecursive ? 0 : step
      return Float((answer - scale.means[column]) / scale.deviations[column])
    }
  }
}

extension Sequences {
  /// The first step that is to be predicted of a sequence.
  func origin(_ sequence: Int) -> Int { starts[sequence] + lengths[sequence] }

  /// What follows, of forecasts.
  var forecast: ForecastAnswers? {
    if case .forecast(let answers) = answers { answers } else { nil }
  }
}
