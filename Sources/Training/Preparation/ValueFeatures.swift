internal import Glibc

/// What a model sees of a step of values beside the scaled channels, and what stands for a value that
/// was not measured: the last one that was. Nothing of it depends on what comes later.
public struct ValueFeatures: Codable, Hashable, Sendable {
  /// The channels, by index, beside which a further one says where a value was filled in: 1 there,
  /// else 0.
  public var masked: [Int]
  /// What stands for missing values before the first measured one of each channel, in the units of the
  /// data: the mean of the training split.
  public var fill: [Float]
  /// What is told of the time of each step: a sine and a cosine each.
  public var calendar: [CalendarFeature]

  /// The number of channels that are added to those of the data.
  public var addedWidth: Int { masked.count + 2 * calendar.count }

  /// The values without gaps, step by step, and where one was filled.
  func filled(_ values: some Collection<Float>) -> (values: [Float], isFilled: [Bool]) {
    var last = fill
    return filled(values, after: &last)
  }

  /// The same of values that follow others.
  ///
  /// - Parameters:
  ///   - values: The values, step by step.
  ///   - last: The last measured value of each channel before them; afterwards, that before what follows.
  /// - Returns: The values without gaps, and where one was filled.
  func filled(
    _ values: some Collection<Float>, after last: inout [Float]
  ) -> (values: [Float], isFilled: [Bool]) {
    let width = fill.count
    var filled: [Float] = []
    var isFilled: [Bool] = []
    filled.reserveCapacity(values.count)
    isFilled.reserveCapacity(values.count)
    for (offset, value) in values.enumerated() {
      isFilled.append(value.isNaN)
      if !value.isNaN { last[offset % width] = value }
      filled.append(last[offset % width])
    }
    return (filled, isFilled)
  }

  /// Puts the added channels behind the scaled ones of each step.
  ///
  /// - Parameters:
  ///   - scaled: The channels of the data, step by step, without gaps.
  ///   - isFilled: Whether each was filled.
  ///   - times: The time of each step; needed only for the calendar.
  /// - Returns: The steps as a model sees them.
  func widened(_ scaled: [Float], _ isFilled: [Bool], times: ArraySlice<Int64>?) -> [Float] {
    guard addedWidth > 0 else { return scaled }
    let width = fill.count
    var wide: [Float] = []
    wide.reserveCapacity(scaled.count / width * (width + addedWidth))
    for step in 0..<scaled.count / width {
      wide += scaled[step * width..<(step + 1) * width]
      for channel in masked { wide.append(isFilled[step * width + channel] ? 1 : 0) }
      if let times, !calendar.isEmpty { append(times[times.startIndex + step], to: &wide) }
    }
    return wide
  }

  /// Appends the calendar of a time to a step.
  func append(_ time: Int64, to step: inout [Float]) {
    for feature in calendar { step += feature.values(at: time) }
  }
}

/// What is told of a time, as a point on a circle, so that the last hour lies beside the first.
public enum CalendarFeature: String, Codable, Hashable, Sendable, CaseIterable {
  /// The time of the day.
  case hour
  /// The day of the week, with its hours.
  case weekday
  /// The month of the year, with its days.
  case month

  /// Sine and cosine of a time, in seconds since 1970 by the clock of the data.
  public func values(at time: Int64) -> [Float] {
    let phase: Double
    let moment = CalendarTime(time)
    switch self {
    case .hour: phase = Double(moment.second) / 86_400
    case .weekday: phase = (Double(moment.weekday) + Double(moment.second) / 86_400) / 7
    case .month: phase = (Double(moment.month - 1) + Double(moment.day - 1) / 31) / 12
    }
    let angle = 2 * Double.pi * phase
    return [Float(sin(angle)), Float(cos(angle))]
  }
}
