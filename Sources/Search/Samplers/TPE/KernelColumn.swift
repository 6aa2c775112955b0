/// The kernels of one parameter: a normal distribution around each value that was tried, cut off at
/// the ends of the axis, as wide as the way to the farther of its two neighbours.
///
/// The arrays run over the trials of a ``ParzenEstimator``, oldest first. The values are also kept
/// in order, so that a new trial changes its own kernel and its neighbours' and no other.
struct KernelColumn: Sendable {
  /// A value and the trial that it belongs to; equal values are in the order of their trials.
  struct Place: Comparable, Sendable {
    let number: Double
    let trial: Int
    static func < (first: Place, second: Place) -> Bool {
      first.number != second.number ? first.number < second.number : first.trial < second.trial
    }
  }

  /// The parameter.
  let axis: Axis
  /// The numbers of the values.
  private(set) var means: [Double] = []
  /// The widths of the kernels; empty for a choice, like all that follows.
  private(set) var deviations: [Double] = []
  /// The logarithms of the masses that the ends of the axis leave.
  private(set) var masses: [Double] = []
  /// The logarithms of the densities at the means.
  private(set) var peaks: [Double] = []
  /// The means as parts of the length of the axis, and how many widths fit in it: for a first look
  /// at all kernels in single precision.
  private(set) var positions: [Float] = []
  private(set) var inverses: [Float] = []
  /// The places of the values among those that are counted; empty if they are not.
  private(set) var cells: [Int32] = []

  private var order: [Place] = []

  private let isSharp: Bool

  /// No kernels yet.
  ///
  /// - Parameters:
  ///   - axis: The parameter.
  ///   - isSharp: Whether few kernels may be nearly as narrow as many.
  init(_ axis: Axis, isSharp: Bool) {
    self.axis = axis
    self.isSharp = isSharp
  }

  /// The narrowest kernel among this many: 1/100 of the axis at least.
  func narrowest(_ count: Int) -> Double {
    let parts = Double(count) + 2
    return axis.length / min(100, isSharp ? parts * parts.squareRoot() : parts)
  }

  // MARK: Building

  /// Takes the place of all kernels.
  mutating func rebuild(_ numbers: [Double], trials: [Int]) {
    means = numbers
    guard !axis.isChoice else { return }
    order = zip(numbers, trials).map(Place.init).sorted()
    deviations = Array(repeating: 0, count: numbers.count)
    masses = deviations
    peaks = deviations
    positions = numbers.map { Float(position($0)) }
    inverses = Array(repeating: 0, count: numbers.count)
    cells = axis.isCounted ? numbers.map { Int32(clamping: axis.place(of: $0)) } : []
    for rank in order.indices { widen(rank, among: trials) }
  }

  /// Adds a kernel at a place among the trials, which have it already.
  ///
  /// - Returns: The places of the kernels that changed.
  mutating func insert(_ number: Double, at place: Int, trials: [Int]) -> [Int] {
    means.insert(number, at: place)
    guard !axis.isChoice else { return [] }
    deviations.insert(0, at: place)
    masses.insert(0, at: place)
    peaks.insert(0, at: place)
    positions.insert(Float(position(number)), at: place)
    inverses.insert(0, at: place)
    if axis.isCounted { cells.insert(Int32(clamping: axis.place(of: number)), at: place) }
    let entry = Place(number: number, trial: trials[place])
    let rank = order.firstPlace { !($0 < entry) }
    order.insert(entry, at: rank)
    return widen(around: rank, trials: trials)
  }

  /// Takes out the kernel at a place among the trials, which have it no longer.
  ///
  /// - Returns: The places of the kernels that changed.
  mutating func remove(at place: Int, trial: Int, trials: [Int]) -> [Int] {
    let number = means.remove(at: place)
    guard !axis.isChoice else { return [] }
    deviations.remove(at: place)
    masses.remove(at: place)
    peaks.remove(at: place)
    positions.remove(at: place)
    inverses.remove(at: place)
    if axis.isCounted { cells.remove(at: place) }
    let entry = Place(number: number, trial: trial)
    let rank = order.firstPlace { !($0 < entry) }
    order.remove(at: rank)
    return widen(around: rank, trials: trials)
  }

  /// A number as a part of the length of the axis.
  func position(_ number: Double) -> Double { (number - axis.low) / axis.length }

  // The second kernel from an end counts too: what is an end's neighbour changes its width.
  private mutating func widen(around rank: Int, trials: [Int]) -> [Int] {
    let ranks = max(0, rank - 2)..<min(order.count, rank + 3)
    return ranks.map { widen($0, among: trials) }
  }

  @discardableResult
  private mutating func widen(_ rank: Int, among trials: [Int]) -> Int {
    let (number, trial) = (order[rank].number, order[rank].trial)
    let last = order.count - 1
    let below = rank > 0 ? number - order[rank - 1].number : number - axis.low
    let above = rank < last ? order[rank + 1].number - number : axis.high - number
    // The ends of the axis count as neighbours only of a value that has no other.
    let gap =
      last == 0 ? max(below, above) : rank == 0 ? above : rank == last ? below : max(below, above)
    let deviation = max(narrowest(order.count), min(gap, axis.length))
    let place = trials.firstPlace { $0 >= trial }
    guard deviations[place] != deviation else { return place }
    let kernel = TruncatedNormal(mean: number, deviation: deviation, axis)
    deviations[place] = deviation
    masses[place] = kernel.logMass
    peaks[place] = kernel.logPeak
    inverses[place] = Float(axis.length / deviation)
    return place
  }
}

/// A normal distribution cut off at the ends of an axis.
struct TruncatedNormal {
  let mean: Double
  let deviation: Double
  /// The logarithm of the mass between the ends.
  let logMass: Double
  /// The logarithm of the density at the mean.
  let logPeak: Double

  init(mean: Double, deviation: Double, _ axis: Axis) {
    self.init(
      mean: mean, deviation: deviation,
      logMass: NormalDistribution.logMass(
        (axis.low - mean) / deviation, (axis.high - mean) / deviation))
  }

  init(mean: Double, deviation: Double, logMass: Double) {
    self.mean = mean
    self.deviation = deviation
    self.logMass = logMass
    logPeak = -Exponential.log(deviation) - NormalDistribution.logRootTau - logMass
  }

  /// The kernel of all values, which stands for what is not known yet.
  init(prior axis: Axis) {
    self.init(mean: (axis.low + axis.high) / 2, deviation: axis.length, axis)
  }
}

extension RandomAccessCollection where Index == Int {
  /// Where the elements begin that have a property; the collection is in the order of it.
  func firstPlace(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
