/// Why a point was suggested, for people.
struct SuggestionReason {
  let encoding: PointEncoding
  let process: GaussianProcess
  let scale: LossScale
  let best: Double
  let losses: SearchHistory.Losses
  let found: AcquisitionSearch.Found
  let running: Int
  let used: Int

  /// `log expected improvement -2.1: mean 0.83 ± 0.04, best so far 0.85; most sensitive to rate`.
  var sentence: String {
    let local = process.local(encoding.features(found.positions))
    let mean = local.means.reduce(0, +) / Double(local.means.count)
    let spread =
      (scale.loss(mean + local.deviation) - scale.loss(mean - local.deviation)) / 2
    var text = "log expected improvement \(Self.short(found.value)): "
    if let mix = losses.mix {
      text += "objectives mixed " + mix.map { Self.short($0, digits: 2) }.joined(separator: " : ")
    } else {
      text += losses.areViolations ? "violation " : "mean "
      text += "\(Self.short(scale.loss(mean))) ± \(Self.short(spread, digits: 2)), "
      text += "best so far \(Self.short(best, digits: 4))"
    }
    let weights = process.kernel.inverseSquares.prefix(encoding.axes.count)
    let varied = weights.indices.filter { encoding.axes[$0].count != 1 }
    if let most = varied.max(by: { weights[$0] < weights[$1] }) {
      text += "; most sensitive to \(encoding.space.shortNames[most])"
    }
    if running > 0 { text += "; \(running) running" }
    if used < losses.values.count {
      text += "; from the best and the latest \(used) of \(losses.values.count) results"
    }
    return text
  }

  /// A number with so many digits.
  static func short(_ number: Double, digits: Int = 3) -> String {
    guard number.isFinite, number != 0 else { return Value.short(number) }
    var unit = 1.0
    for _ in 1..<digits { unit *= 10 }
    var exponent = 0
    var size = abs(number)
    while size >= 10 * unit { (size, exponent) = (size / 10, exponent + 1) }
    while size < unit { (size, exponent) = (size * 10, exponent - 1) }
    let whole = size.rounded() * (number < 0 ? -1 : 1)
    let power = (0..<abs(exponent)).reduce(1.0) { power, _ in power * 10 }
    return Value.short(exponent < 0 ? whole / power : whole * power)
  }
}
