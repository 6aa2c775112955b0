/// The end of a series as a model sees it before it forecasts.
struct ForecastInput {
  /// A window of steps.
  let steps: [Float]
  /// The known values at which the predicted differences begin, in units of the data.
  let anchors: [Float]
  /// The channels of the calendar at each predicted step.
  let calendar: [[Float]]

  /// Makes the input of raw steps, which are enough.
  init(
    _ values: [Float], _ times: [Int64]?, _ encoding: Encoding, _ forecast: ForecastEncoding
  ) {
    let width = encoding.channels?.count ?? 1
    let target = encoding.targetChannel ?? 0
    var filled = values
    var isFilled: [Bool] = []
    if let features = encoding.features { (filled, isFilled) = features.filled(values) }
    let transformed = forecast.transformed(filled, width: width, target: target)
    var steps = (encoding.inputScale ?? .identity(width: width)).apply(transformed)
    if let features = encoding.features {
      steps = features.widened(steps, isFilled, times: times?[...])
    }
    let window = (encoding.maximumLength ?? 1) * encoding.inputWidth
    self.steps = Array(steps.suffix(window))

    let count = filled.count / width
    let first = count - (forecast.period ?? 0)
    anchors = (0..<forecast.anchorCount(steps: forecast.horizon)).map {
      filled[(first + $0) * width + target]
    }
    guard let features = encoding.features, let times else {
      calendar = [[Float]](repeating: [], count: forecast.horizon)
      return
    }
    var following = FollowingTimes(times)
    calendar = (0..<forecast.horizon).map { _ in
      var channels: [Float] = []
      features.append(following.next(), to: &channels)
      return channels
    }
  }
}
