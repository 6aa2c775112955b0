import Philox

/// A density over parameters that are there together: the mean of a kernel around each of some
/// trials and of one that covers all points, the prior.
struct ParzenEstimator: Sendable {
  /// A trial and the numbers of its values.
  struct Entry {
    let trial: Int
    let numbers: [Double]
  }

  /// The kernels of each parameter.
  private(set) var columns: [KernelColumn]
  /// The trials, in the order of their numbers.
  private(set) var trials: [Int] = []
  /// For each trial, what its kernel's logarithm is at most, weights and choices aside.
  private(set) var bounds: [Float] = []

  /// What the prior weighs, in trials.
  let priorWeight: Double
  /// The logarithm of it.
  let logPriorWeight: Double
  private let isFlat: Bool
  private let priors: [TruncatedNormal?]

  /// No trials yet: the prior alone.
  ///
  /// - Parameters:
  ///   - axes: The parameters.
  ///   - priorWeight: What the prior weighs, in trials.
  ///   - isFlat: Whether old trials weigh as much as new ones.
  ///   - isSharp: Whether few kernels may be nearly as narrow as many.
  init(_ axes: [Axis], priorWeight: Double, isFlat: Bool = false, isSharp: Bool = false) {
    precondition(priorWeight > 0, "the prior has no weight")
    columns = axes.map { KernelColumn($0, isSharp: isSharp) }
    self.priorWeight = priorWeight
    logPriorWeight = Exponential.log(priorWeight)
    self.isFlat = isFlat
    priors = axes.map { $0.isChoice ? nil : TruncatedNormal(prior: $0) }
  }

  /// What the trials weigh.
  var weights: KernelWeights { KernelWeights(count: trials.count, isFlat: isFlat) }

  /// What a value of a choice is worth in a kernel, as logarithms: of its own, of another, in the
  /// prior.
  func logShares(ofChoices count: Int) -> (own: Double, other: Double, prior: Double) {
    let part = priorWeight / Double(trials.count + 1)
    let sum = 1 + Double(count) * part
    return (
      Exponential.log((1 + part) / sum), Exponential.log(part / sum),
      -Exponential.log(Double(count))
    )
  }

  /// The kernel of a numeric parameter; the one behind the last trial is the prior.
  func kernel(_ column: Int, at place: Int) -> TruncatedNormal {
    if place == trials.count, let prior = priors[column] { return prior }
    let kernels = columns[column]
    return TruncatedNormal(
      mean: kernels.means[place], deviation: kernels.deviations[place],
      logMass: kernels.masses[place])
  }

  // MARK: Changing

  /// Takes out some trials and puts others in.
  ///
  /// The result is bit for bit that of all the trials put in at once.
  ///
  /// - Complexity: O(trials) copied numbers for each change, or a sort if there are many changes.
  mutating func update(removing removed: [Int], inserting inserted: [Entry]) {
    guard !removed.isEmpty || !inserted.isEmpty else { return }
    // Few trials have wider kernels with every change; many changes are better sorted than inserted.
    guard trials.count - removed.count >= 98, removed.count + inserted.count <= 64 else {
      return rebuild(removing: Set(removed), inserting: inserted)
    }
    for trial in removed {
      let place = trials.firstPlace { $0 >= trial }
      trials.remove(at: place)
      bounds.remove(at: place)
      var changes: Set<Int> = []
      for index in columns.indices {
        changes.formUnion(columns[index].remove(at: place, trial: trial, trials: trials))
      }
      for changed in changes { bounds[changed] = bound(at: changed) }
    }
    for entry in inserted {
      let place = trials.firstPlace { $0 >= entry.trial }
      trials.insert(entry.trial, at: place)
      bounds.insert(0, at: place)
      var changes: Set<Int> = [place]
      for index in columns.indices {
        changes.formUnion(
          columns[index].insert(entry.numbers[index], at: place, trials: trials))
      }
      for changed in changes { bounds[changed] = bound(at: changed) }
    }
  }

  private mutating func rebuild(removing removed: Set<Int>, inserting inserted: [Entry]) {
    var entries = trials.indices.filter { !removed.contains(trials[$0]) }.map { place in
      Entry(trial: trials[place], numbers: columns.map { $0.means[place] })
    }
    entries += inserted
    entries.sort { $0.trial < $1.trial }
    trials = entries.map(\.trial)
    for index in columns.indices {
      columns[index].rebuild(entries.map { $0.numbers[index] }, trials: trials)
    }
    bounds = trials.indices.map(bound)
  }

  private func bound(at place: Int) -> Float {
    var sum = 0.0
    for column in columns where !column.axis.isChoice { sum += column.peaks[place] }
    return Float(sum)
  }

  // MARK: Drawing

  /// Draws a point.
  func sample(_ random: inout RandomSequence) -> [Double] {
    let weights = weights
    var rest = random.uniform() * (weights.total + priorWeight)
    var place = 0
    while place < trials.count, rest >= weights[place] {
      rest -= weights[place]
      place += 1
    }
    return columns.indices.map { column in
      let axis = columns[column].axis
      if case .choices(let count) = axis.kind {
        return choose(count, around: column, at: place, &random)
      }
      let kernel = kernel(column, at: place)
      return axis.snapped(
        NormalDistribution.sample(
          mean: kernel.mean, deviation: kernel.deviation, low: axis.low, high: axis.high, &random))
    }
  }

  private func choose(
    _ count: Int, around column: Int, at place: Int, _ random: inout RandomSequence
  ) -> Double {
    // A kernel is the value that was tried with weight 1, and each value with a part of the prior.
    let part = priorWeight / Double(trials.count + 1)
    let share = random.uniform() * (1 + Double(count) * part)
    let any = random.index(below: count)
    return place < trials.count && share < 1 ? columns[column].means[place] : Double(any)
  }

  /// The trials whose values are those of a point, or no more than two widths of their kernel away.
  func trials(near point: [Double]) -> [Int] {
    trials.indices.filter { place in
      zip(columns, point).allSatisfy { column, number in
        column.axis.isChoice
          ? column.means[place] == number
          : abs(column.means[place] - number) <= 2 * column.deviations[place]
      }
    }.map { trials[$0] }
  }
}
