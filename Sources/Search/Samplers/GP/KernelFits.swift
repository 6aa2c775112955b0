/// Fits kernels to growing histories.
///
/// A fit depends on the observations that it is made for and on nothing else, so that a search that is
/// rebuilt from its rows goes on as it was: a fit starts from that of the largest power of two of
/// observations below its own number, and so on down to one that starts from a fixed kernel. Fits are
/// kept, but only to save time.
struct KernelFits: Sendable {
  /// Up to so many observations every one changes the fit.
  static let everyObservation = 100
  /// No fit is made of more observations than this.
  static let limit = 300
  /// The same where every trial needs a fit of its own, which starts from afar.
  static let limitOfSeveral = 150

  /// How many steps a fit takes at the most: a large one starts near its end, and a step costs more.
  static func steps(_ count: Int) -> Int { count > everyObservation ? 12 : 50 }

  private struct Fit: Sendable {
    let points: [[Double]]
    let losses: [Double]
    let kernel: MaternKernel
  }

  private var fits: [Int: Fit] = [:]

  /// How many of the first observations the kernel is fitted to: all, up to a hundred, then as many
  /// as a step of two to four percent fits into.
  static func fitted(of count: Int) -> Int {
    guard count > everyObservation else { return count }
    var step = 1
    while step * 50 <= count { step *= 2 }
    return count - count % step
  }

  /// The kernel for the first observations.
  ///
  /// - Parameters:
  ///   - points: The points of all observations, in order.
  ///   - losses: Their losses.
  ///   - count: How many are fitted.
  ///   - isCategory: Which dimensions are categories.
  /// - Returns: The kernel.
  mutating func kernel(
    _ points: [[Double]], losses: [Double], count: Int, isCategory: [Bool]
  ) -> MaternKernel {
    let points = Array(points.prefix(count))
    let losses = Array(losses.prefix(count))
    if let fit = fits[count], fit.losses == losses, fit.points == points { return fit.kernel }
    var below = 8
    while below * 2 < count { below *= 2 }
    let first = MaternKernel(dimensions: isCategory.count)
    let starts =
      below < count && count > 16
      ? [kernel(points, losses: losses, count: below, isCategory: isCategory), first] : [first]
    let fitted = Self.fit(points, losses: losses, isCategory: isCategory, from: starts)
    // Only the powers of two start others, and only the last fit of another number is asked for again.
    fits = fits.filter { $0.key & ($0.key - 1) == 0 && $0.key < count }
    fits[count] = Fit(points: points, losses: losses, kernel: fitted)
    return fitted
  }

  /// The kernel that explains observations best, searched from the best of some kernels.
  static func fit(
    _ points: [[Double]], losses: [Double], isCategory: [Bool], from starts: [MaternKernel],
    limit: Int = limit
  ) -> MaternKernel {
    let chosen = ObservationWindow.indices(of: losses, limit: limit)
    let losses = chosen.map { losses[$0] }
    let scale = LossScale(losses)
    var likelihood = MarginalLikelihood(
      chosen.map { points[$0] }, targets: losses.map(scale.target), isCategory: isCategory)
    let logarithms = starts.map(MarginalLikelihood.logarithms)
    let values = logarithms.count > 1 ? logarithms.map { likelihood($0).value } : [0]
    let start = logarithms[values.indices.min { values[$0] < values[$1] } ?? 0]
    let minimizer = BoxMinimizer(
      bounds: Array(repeating: -12.0...12.0, count: isCategory.count) + [-9.0...7.0, -19.0...3.0],
      steps: steps(chosen.count))
    return MarginalLikelihood.kernel(
      minimizer.minimum(from: start) { likelihood($0) }.parameters)
  }
}

/// Which observations are used when there are too many: the best ones and the latest ones.
enum ObservationWindow {
  /// The places of the observations to use, in order; all, if they are not more than the limit.
  static func indices(of losses: [Double], limit: Int) -> [Int] {
    guard losses.count > limit else { return Array(losses.indices) }
    let latest = losses.count - limit / 2
    let best = losses[..<latest].indices.sorted { (losses[$0], $0) < (losses[$1], $1) }
    return best.prefix(limit - limit / 2).sorted() + Array(latest..<losses.count)
  }
}
