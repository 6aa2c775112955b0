import Glibc

/// What the numbers along an axis are.
enum ScaleKind: Equatable {
  case linear
  /// Whole numbers, such as epochs.
  case whole
  case logarithmic
  /// A span, in seconds.
  case seconds
  /// Moments, in seconds since 1970.
  case moments
  /// Places 0, 1, 2… with a name each; they take a band.
  case names([String])
}

/// From a value to a place along an axis.
struct Scale {
  let kind: ScaleKind
  /// The ends of the range of values.
  let low, high: Double
  /// Where they are, in pixels; the first may be the greater one.
  let start, end: Double

  /// A scale on which all given values have a place, with a little air at its ends.
  ///
  /// - Parameters:
  ///   - kind: What the values are.
  ///   - extent: The least and the greatest of the values; nil if there are none.
  ///   - start: Where it begins, in pixels.
  ///   - end: Where it ends.
  ///   - air: What share of the range is added at each end.
  init(
    _ kind: ScaleKind, _ extent: Extent?, from start: Double, to end: Double, air: Double = 0.04
  ) {
    let extent =
      extent ?? (kind == .logarithmic ? Extent(low: 1, high: 10) : Extent(low: 0, high: 1))
    self.kind = kind
    (self.start, self.end) = (start, end)
    switch kind {
    case .names(let names):
      (low, high) = (-0.5, Double(max(names.count, 1)) - 0.5)
    case .logarithmic:
      let (first, last) = (log10(extent.low), log10(extent.high))
      let margin = last > first ? (last - first) * air : 0.3
      // The least and greatest positive numbers are where a logarithm's range ends.
      (low, high) = (
        max(pow(10, first - margin), .leastNonzeroMagnitude), min(pow(10, last + margin), 1e308)
      )
    default:
      let span = extent.high - extent.low
      let margin = span > 0 ? span * air : extent.low == 0 ? 0.5 : abs(extent.low) * 0.1
      let isZeroEnd = extent.low >= 0 && extent.low - margin < 0 && kind == .seconds
      (low, high) = (isZeroEnd ? 0 : extent.low - margin, extent.high + margin)
    }
  }

  /// Where a value is; nil for one that has no place: no number, or none that has a logarithm.
  func place(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    if kind == .logarithmic {
      guard value > 0 else { return nil }
      return start + (log10(value) - log10(low)) / (log10(high) - log10(low)) * (end - start)
    }
    return start + (value - low) / (high - low) * (end - start)
  }

  /// The value at a place, counted from 0 at the start to 1 at the end.
  func value(at share: Double) -> Double {
    kind == .logarithmic
      ? pow(10, log10(low) + (log10(high) - log10(low)) * share) : low + (high - low) * share
  }

  /// How wide the band of a name is, in pixels.
  var band: Double { abs(end - start) / (high - low) }

  /// The marks of an axis, about as many as asked for.
  func ticks(_ count: Int) -> Ticks {
    switch kind {
    case .linear: .linear(low, high, count: count)
    case .whole: .linear(low, high, count: count, isWhole: true)
    case .logarithmic: .logarithmic(low, high, count: count)
    case .seconds: .seconds(low, high, count: count)
    case .moments: .moments(low, high, count: count)
    case .names(let names):
      Ticks(labelled: names.enumerated().map { Ticks.Tick(value: Double($0), label: $1) })
    }
  }
}

extension Ticks {
  /// Of the names of a scale every so many-th, if lines of text are higher than their bands.
  func thinned(_ scale: Scale) -> Ticks {
    guard case .names = scale.kind else { return self }
    let every = max(1, Int((15 / scale.band).rounded(.up)))
    var ticks = self
    ticks.labelled = labelled.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    return ticks
  }
}

/// The least and the greatest of some values.
struct Extent: Equatable {
  var low, high: Double

  /// Nil if there is none that has a place on such a scale. What is beyond 1e150 counts as infinite,
  /// and to a logarithm what is below 1e-150 as 0, so that differences and squares are numbers.
  init?(_ values: some Sequence<Double>, kind: ScaleKind = .linear) {
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where abs(value) < 1e150 && (kind != .logarithmic || value > 1e-150) {
      low = min(low, value)
      high = max(high, value)
    }
    guard low <= high else { return nil }
    (self.low, self.high) = (low, high)
  }

  init(low: Double, high: Double) {
    (self.low, self.high) = (low, high)
  }

  /// Both together.
  func joined(_ other: Extent?) -> Extent {
    guard let other else { return self }
    return Extent(low: min(low, other.low), high: max(high, other.high))
  }

  /// With those of some levels that are no farther from it than it is wide: others would press what is
  /// looked at into less than a half of the axis, or a third with levels on both sides.
  func reaching(_ levels: [Double], kind: ScaleKind = .linear) -> Extent {
    func scaled(_ value: Double) -> Double { kind == .logarithmic ? log10(value) : value }
    let span = scaled(high) - scaled(low)
    guard span > 0 else { return joined(Extent(levels, kind: kind)) }
    let near = levels.filter {
      scaled($0) >= scaled(low) - span && scaled($0) <= scaled(high) + span
    }
    return joined(Extent(near, kind: kind))
  }

  /// The range in which the bulk of some values lies: a few that are far away, such as the losses of
  /// runs that diverged, must not press all others into one line. Values within three times the range
  /// of the middle half are in it.
  static func bulk(_ values: [Double], kind: ScaleKind = .linear) -> Extent? {
    let isLogarithmic = kind == .logarithmic
    let sorted = values.filter { abs($0) < 1e150 && (!isLogarithmic || $0 > 1e-150) }
      .map { isLogarithmic ? log10($0) : $0 }.sorted()
    guard sorted.count >= 8 else { return Extent(values, kind: kind) }
    let (first, third) = (sorted[sorted.count / 4], sorted[sorted.count * 3 / 4])
    guard third > first else { return Extent(values, kind: kind) }
    let reach = 3 * (third - first)
    let kept = sorted.filter { $0 >= first - reach && $0 <= third + reach }
    let (low, high) = (kept.first ?? first, kept.last ?? third)
    return isLogarithmic
      ? Extent(low: pow(10, low), high: pow(10, high)) : Extent(low: low, high: high)
  }

  /// Whether values span so much that a logarithmic axis shows more.
  static func spansDecades(_ values: [Double]) -> Bool {
    let finite = values.filter { abs($0) < 1e150 }
    guard let least = finite.min(), least > 0, let bulk = bulk(finite, kind: .logarithmic) else {
      return false
    }
    return bulk.high / bulk.low > 50
  }
}
