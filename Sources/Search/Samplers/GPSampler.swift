import Philox

/// Bayesian optimization: a Gaussian process learns the losses, and the point with the largest expected
/// improvement is next.
///
/// The kernel is Matérn 5/2 with a length scale for each parameter, fitted anew to the observations.
/// Trials that are still running count by fantasies of their losses, so that a batch spreads.
/// Of several objectives, every trial minimizes a mix of its own (ParEGO, Knowles 2006). A pruned trial
/// counts with its last losses, a failed one, or one that broke constraints, with the worst loss.
public struct GPSampler: Sampler {
  /// The name of the sampler.
  public static let name = "gp"
  /// The name of the sampler.
  public var name: String { Self.name }
  /// How many fantasies there are of the losses of running trials.
  static let fantasies = 16
  /// No more running trials than these, the latest, are fantasized.
  static let runningLimit = 100
  /// With more observations than these, the best half and the latest half of so many are used.
  static let limit = 1000

  private let encoding: PointEncoding
  private let seed: UInt64
  private let startup: Int
  private let isAllowed: (@Sendable (Assignment) -> Bool)?
  private var history = SearchHistory()
  private var fits = KernelFits()
  private var factored: Factored?

  private struct Factored: Sendable {
    let kernel: MaternKernel
    var points: [[Double]]
    var factor: Cholesky
  }

  /// A search of a space. Equal seeds and equal observations give equal points, in any process.
  ///
  /// - Parameters:
  ///   - space: The space.
  ///   - seed: The seed.
  ///   - startup: How many trials must have ended before the process is asked; before that, points are
  ///     spread over the space.
  public init(_ space: Space, seed: UInt64, startup: Int = 10) {
    var isAllowed: (@Sendable (Assignment) -> Bool)?
    if !space.constraints.isEmpty { isAllowed = { space.isAllowed($0) } }
    self.init(space, seed: seed, startup: startup, isAllowed: isAllowed)
  }

  init(
    _ space: Space, seed: UInt64, startup: Int = 10,
    isAllowed: (@Sendable (Assignment) -> Bool)?
  ) {
    precondition(startup > 1, "a process cannot learn from \(startup) trials")
    encoding = PointEncoding(space)
    self.seed = seed
    self.startup = startup
    self.isAllowed = isAllowed
  }

  /// Takes in what is known of a trial. A trial outside the space says nothing.
  public mutating func observe(_ observation: Observation) {
    guard let positions = encoding.positions(observation.assignment) else { return }
    history.take(observation, positions: positions, features: encoding.features(positions))
  }

  /// The point of a trial; there is always one.
  ///
  /// - Precondition: The number fits in 32 bits.
  public mutating func suggest(trial: Int) -> Suggestion? {
    precondition(trial >= 0 && trial <= UInt32.max, "trial \(trial) cannot be numbered")
    guard !encoding.axes.isEmpty, history.measured >= startup else { return spread(trial) }
    var random = Philox(seed: seed).sequence(.search, step: UInt32(trial))
    let losses = history.losses(&random)
    let running = history.running(besides: trial).suffix(Self.runningLimit)
    let (process, scale, used) = model(losses, running: Array(running), &random)
    let order = used.sorted { (losses.values[$0], $0) < (losses.values[$1], $1) }
    let best = losses.values[order[0]]
    let acquisition = Acquisition(
      process, best: scale.target(best), observed: used.count)
    let search = AcquisitionSearch(
      encoding: encoding, acquisition: acquisition,
      incumbents: order.prefix(5).map { history.ended[$0].positions }, tried: history.tried,
      isAllowed: isAllowed)
    guard let found = search.maximum(&random) else { return spread(trial) }
    let reason = SuggestionReason(
      encoding: encoding, process: process, scale: scale, best: best, losses: losses,
      found: found, running: running.count, used: used.count)
    return Suggestion(
      trial: trial, assignment: encoding.assignment(found.positions), sampler: name,
      reason: reason.sentence)
  }

  // MARK: - The process

  /// The process of the observations, the scale of its targets, and which observations it is of.
  private mutating func model(
    _ losses: SearchHistory.Losses, running: [[Double]], _ random: inout RandomSequence
  ) -> (GaussianProcess, LossScale, [Int]) {
    let features = history.ended.map(\.features)
    let fitted = fittedKernel(features, losses)
    let used = ObservationWindow.indices(of: losses.values, limit: Self.limit)
    let scale = LossScale(used.map { losses.values[$0] })
    let points = used.map { features[$0] } + running
    let inputs = KernelInputs(points, isCategory: encoding.isCategory)
    let (kernel, factor) = factorize(fitted, points, inputs, observed: used.count)
    let count = running.isEmpty ? 1 : Self.fantasies
    let normals = (0..<count).map { _ in running.map { _ in random.normal() } }
    let process = GaussianProcess(
      kernel: kernel, inputs: inputs, factor: factor,
      targets: used.map { scale.target(losses.values[$0]) }, fantasies: normals)
    return (process, scale, used)
  }

  private mutating func fittedKernel(
    _ features: [[Double]], _ losses: SearchHistory.Losses
  ) -> MaternKernel {
    let isCategory = encoding.isCategory
    // Every trial mixes several objectives in its own way: there is nothing to keep.
    guard losses.mix == nil else {
      return KernelFits.fit(
        features, losses: losses.values, isCategory: isCategory,
        from: [MaternKernel(dimensions: isCategory.count)], limit: KernelFits.limitOfSeveral)
    }
    return fits.kernel(
      features, losses: losses.values, count: KernelFits.fitted(of: features.count),
      isCategory: isCategory)
  }

  /// The factor of the covariance of observed and running points. That of the observed ones is kept
  /// and grows by rows as long as the kernel stays.
  private mutating func factorize(
    _ kernel: MaternKernel, _ points: [[Double]], _ inputs: KernelInputs, observed: Int
  ) -> (MaternKernel, Cholesky) {
    var kernel = kernel
    while true {
      var kept = Factored(kernel: kernel, points: [], factor: Cholesky())
      if let factored, factored.kernel == kernel, factored.points.count <= observed,
        factored.points.elementsEqual(points.prefix(factored.points.count))
      {
        kept = factored
      }
      factored = nil
      var isDefinite = kept.factor.extend(kernel, points, inputs, to: observed)
      kept.points = Array(points.prefix(observed))
      var factor = kept.factor
      isDefinite = isDefinite && factor.extend(kernel, points, inputs, to: points.count)
      if isDefinite {
        factored = kept
        return (kernel, factor)
      }
      // Rounding hid the noise: a little more of it.
      kernel.noise *= 10
    }
  }

  // MARK: - The start

  /// A point of a Latin hypercube of as many points as the start has.
  private func spread(_ trial: Int) -> Suggestion {
    let first = trial - trial % startup
    let philox = Philox(seed: seed)
    var random = philox.sequence(.search, step: UInt32(first))
    let parts = LatinHypercube.parts(
      count: startup, dimensions: encoding.axes.count, &random)
    if trial != first { random = philox.sequence(.search, step: UInt32(trial)) }
    var point = LatinHypercube.point(trial - first, of: parts, &random)
    var assignment = self.assignment(uniform: point)
    if let isAllowed {
      var draws = 1
      while !isAllowed(assignment), draws < 10_000 {
        point = point.map { _ in random.uniform() }
        assignment = self.assignment(uniform: point)
        draws += 1
      }
    }
    return Suggestion(
      trial: trial, assignment: assignment, sampler: name,
      reason: "point \(trial - first + 1) of \(startup) spread over the space: "
        + "\(history.measured) of the \(startup) results that the model needs are there")
  }

  private func assignment(uniform point: [Double]) -> Assignment {
    encoding.assignment(zip(encoding.axes, point).map { $0.position(uniform: $1) })
  }
}

extension Cholesky {
  /// Adds the rows of points that are missing.
  fileprivate mutating func extend(
    _ kernel: MaternKernel, _ points: [[Double]], _ inputs: KernelInputs, to count: Int
  ) -> Bool {
    var values = Array(repeating: 0.0, count: inputs.stride)
    var descents = values
    while self.count < count {
      let row = self.count
      let isDefinite = points[row].withUnsafeBufferPointer { point in
        values.withUnsafeMutableBufferPointer { values in
          descents.withUnsafeMutableBufferPointer { descents in
            guard let point = point.baseAddress, let slopes = descents.baseAddress,
              let base = values.baseAddress
            else { return false }
            kernel.row(point, inputs, values: base, descents: slopes, count: row + 1)
            base[row] += kernel.noise
            return append(UnsafeBufferPointer(start: base, count: row + 1))
          }
        }
      }
      guard isDefinite else { return false }
    }
    return true
  }
}

extension RandomSequence {
  /// A standard normal number (Marsaglia's polar method: no sine).
  mutating func normal() -> Double {
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      if square > 0, square < 1 {
        return x * (-2 * Exponential.log(square) / square).squareRoot()
      }
    }
  }
}
