import Philox
import Testing

@testable import Search

@Suite struct ParzenEstimatorTests {
  func estimator(_ numbers: [Double], _ axis: Axis) -> ParzenEstimator {
    var estimator = ParzenEstimator([axis], priorWeight: 1)
    estimator.update(
      removing: [], inserting: numbers.enumerated().map { .init(trial: $0, numbers: [$1]) })
    return estimator
  }

  @Test(arguments: [
    // One value: the way to the farther end.
    ([0.3], [0.7]),
    // Two: the way to each other, or a quarter of the axis.
    ([0.7, 0.3], [0.4, 0.4]), ([0.5, 0.6], [0.25, 0.25]),
    // More: the farther neighbour; the ends do not count. A fifth of the axis at least.
    ([0.1, 0.9, 0.4], [0.3, 0.5, 0.5]), ([0.1, 0.2, 0.21], [0.2, 0.2, 0.2]),
    // Equal values, the older one first.
    ([0.5, 0.5, 0.0], [0.5, 0.2, 0.5]),
  ]) func `a kernel is as wide as the way to the farther neighbour`(
    numbers: [Double], widths: [Double]
  ) {
    let deviations = estimator(numbers, Axis(.uniform(low: 0, high: 1))).columns[0].deviations
    for (deviation, width) in zip(deviations, widths) { #expect(abs(deviation - width) < 1e-12) }
  }

  @Test func `sharp kernels are narrower while they are few`() {
    var sharp = ParzenEstimator(
      [Axis(.uniform(low: 0, high: 8))], priorWeight: 1, isSharp: true)
    sharp.update(
      removing: [],
      inserting: [(0, 4.0), (1, 4.1)].map { .init(trial: $0.0, numbers: [$0.1]) })
    #expect(sharp.columns[0].deviations == [1, 1])
  }

  @Test func `many kernels are at least a hundredth of the axis wide`() {
    let numbers = (0..<200).map { Double($0) / 100 }
    let deviations = estimator(numbers, Axis(.uniform(low: 0, high: 4))).columns[0].deviations
    #expect(deviations.allSatisfy { $0 == 0.04 })
  }

  @Test func `old trials weigh less`() {
    #expect((0..<24).allSatisfy { KernelWeights(count: 24)[$0] == 1 })
    #expect(KernelWeights(count: 24).total == 24)
    #expect(KernelWeights(count: 26)[0] == 1 / 26.0)
    #expect(KernelWeights(count: 26).total == 25 + 1 / 26.0)
    let weights = KernelWeights(count: 28)
    #expect(weights[0] == 1 / 28.0)
    #expect(abs(weights[1] - (1 / 28.0 + 1) / 2) < 1e-15)
    #expect((2..<28).allSatisfy { abs(weights[$0] - 1) < 1e-15 })
    for count in [0, 1, 25, 26, 27, 30, 1000] {
      let weights = KernelWeights(count: count)
      let sum = (0..<count).reduce(0) { $0 + weights[$1] }
      #expect(abs(weights.total - sum) < 1e-9)
      let flat = KernelWeights(count: count, isFlat: true)
      #expect(flat.total == Double(count) && (0..<count).allSatisfy { flat[$0] == 1 })
    }
  }

  static let axes = [
    Axis(.uniform(low: -1, high: 1)), Axis(.logIntegers(low: 1, high: 30)),
    Axis(.choice(["a", "b", "c"])), Axis(.steps(low: 0, high: 1, step: 0.25)),
  ]

  func entries(_ trials: some Sequence<Int>) -> [ParzenEstimator.Entry] {
    trials.map { trial in
      var random = Philox(seed: 9).sequence(.search, step: UInt32(trial))
      return .init(
        trial: trial,
        numbers: Self.axes.map { axis in
          axis.number(of: axis.distribution.sample(&random)) ?? .nan
        })
    }
  }

  @Test func `changes one by one end as all at once`() {
    var random = Philox(seed: 2).sequence(.search)
    var estimator = ParzenEstimator(Self.axes, priorWeight: 1)
    var members: Set<Int> = []
    for round in 0..<300 {
      let trial = random.index(below: 400)
      if members.remove(trial) != nil {
        estimator.update(removing: [trial], inserting: [])
      } else {
        members.insert(trial)
        estimator.update(removing: [], inserting: entries([trial]))
      }
      guard round % 50 == 49 else { continue }
      var whole = ParzenEstimator(Self.axes, priorWeight: 1)
      whole.update(removing: [], inserting: entries(members.shuffled(using: &random)))
      #expect(estimator.trials == whole.trials && estimator.bounds == whole.bounds)
      for (column, other) in zip(estimator.columns, whole.columns) {
        #expect(column.means == other.means && column.deviations == other.deviations)
        #expect(column.masses == other.masses && column.inverses == other.inverses)
      }
    }
    #expect(members.count > 98)
  }

  @Test func `the first look leaves out nothing that counts`() throws {
    var estimator = ParzenEstimator(Self.axes, priorWeight: 1)
    estimator.update(removing: [], inserting: entries(0..<700))
    for entry in entries(1000..<1030) {
      // The definition: all kernels, with nothing left out.
      let weights = estimator.weights
      var sum = 0.0
      for place in 0...700 {
        var term = place == 700 ? 1 : weights[place]
        for (index, axis) in Self.axes.enumerated() {
          if case .choices(let count) = axis.kind {
            let shares = estimator.logShares(ofChoices: count)
            let isOwn = place < 700 && estimator.columns[index].means[place] == entry.numbers[index]
            let share = place == 700 ? shares.prior : isOwn ? shares.own : shares.other
            term *= Exponential.exp(share)
            continue
          }
          let kernel = estimator.kernel(index, at: place)
          let (left, right) = axis.cell(around: entry.numbers[index])
          let z = (entry.numbers[index] - kernel.mean) / kernel.deviation
          let log =
            axis.isCounted
            ? NormalDistribution.logMass(
              (left - kernel.mean) / kernel.deviation, (right - kernel.mean) / kernel.deviation)
              - kernel.logMass : kernel.logPeak - z * z / 2
          term *= Exponential.exp(max(log, -700))
        }
        sum += term
      }
      let expected = Exponential.log(sum / (weights.total + 1))
      #expect(abs(estimator.logDensity(at: entry.numbers) - expected) < 1e-9)
    }
  }

  @Test func `draws follow the density`() {
    var random = Philox(seed: 4).sequence(.search)
    var estimator = ParzenEstimator([Axis(.integers(low: 0, high: 9, step: 1))], priorWeight: 1)
    estimator.update(
      removing: [], inserting: [2.0, 3, 7].enumerated().map { .init(trial: $0, numbers: [$1]) })
    var counts = Array(repeating: 0, count: 10)
    for _ in 0..<40_000 { counts[Int(estimator.sample(&random)[0])] += 1 }
    for value in 0..<10 {
      let expected = Exponential.exp(estimator.logDensity(at: [Double(value)])) * 40_000
      #expect(abs(Double(counts[value]) - expected) < 5 * expected.squareRoot())
    }
  }
}
