import Philox
import Testing

@testable import Search

@Suite struct SobolTests {
  @Test(arguments: [1, 7, 2026]) func `each of 2^k cells of each dimension is hit once`(
    seed: UInt64
  ) {
    let sequence = SobolSequence(dimensions: SobolSequence.limit, seed: seed)
    for dimension in 0..<SobolSequence.limit {
      let points = (0..<256).map { sequence.coordinate(dimension, of: UInt32($0)) }
      for cells in [2, 16, 256] {
        let hit = Set(points.prefix(cells).map { Int($0 * Double(cells)) })
        #expect(hit.count == cells, "dimension \(dimension)")
      }
    }
  }

  @Test func `squares of two dimensions are hit evenly`() {
    // The first two dimensions are a (0, 2)-sequence: each of 2^a × 2^b rectangles holds one point.
    let sequence = SobolSequence(dimensions: 2, seed: 3)
    let points = (0..<64).map { point in
      (sequence.coordinate(0, of: UInt32(point)), sequence.coordinate(1, of: UInt32(point)))
    }
    for columns in [1, 2, 4, 8, 16, 32, 64] {
      let rows = 64 / columns
      let hit = Set(points.map { Int($0 * Double(columns)) * rows + Int($1 * Double(rows)) })
      #expect(hit.count == 64)
    }
  }

  @Test func `the error of a mean is far below that of random points`() {
    // ∏ (1 + (x − 1/2)) has the mean 1.
    func error(_ coordinate: (Int, Int) -> Double) -> Double {
      let sum = (0..<1024).reduce(0.0) { sum, point in
        sum + (0..<8).reduce(1.0) { $0 * (0.5 + coordinate($1, point)) }
      }
      return abs(sum / 1024 - 1)
    }
    var even = 0.0
    var drawn = 0.0
    for seed in 0..<16 as Range<UInt64> {
      let sequence = SobolSequence(dimensions: 8, seed: seed)
      even += error { sequence.coordinate($0, of: UInt32($1)) }
      var random = Philox(seed: seed).sequence(.search)
      drawn += error { _, _ in random.uniform() }
    }
    #expect(even < drawn / 10)
  }

  static let space = Space([
    Parameter("cell", .choice(["rnn", "lstm", "gru", "none"])),
    Parameter("layers", .integers(low: 1, high: 4, step: 1)),
    Parameter("rate", .logUniform(low: 1e-4, high: 1e-2)),
    Parameter("gate", .uniform(low: 0, high: 2), when: [Condition("cell", in: ["lstm", "gru"])]),
    Parameter("hidden", .logIntegers(low: 8, high: 512)),
    Parameter("dropout", .steps(low: 0, high: 0.75, step: 0.25)),
  ])

  @Test func `every value of a parameter is tried equally often`() throws {
    let sampler = SobolSampler(Self.space, seed: 5)
    let points = try (0..<64).map { try #require(sampler.suggest(trial: $0)).assignment }
    #expect(points.allSatisfy(Self.space.contains))
    for path in ["cell", "layers", "dropout"] {
      let counts = Dictionary(grouping: points) { $0[path] }.mapValues(\.count)
      #expect(counts.count == 4 && counts.values.allSatisfy { $0 == 16 }, "\(path)")
    }
    #expect(points.filter { $0["gate"] != nil }.count == 32)
    let rates = points.compactMap { $0["rate"]?.number }
    #expect(rates.filter { $0 < 1e-3 }.count == 32)
  }

  @Test func `a point depends on the seed and its number alone`() throws {
    let sampler = SobolSampler(Self.space, seed: 5)
    let late = try #require(SobolSampler(Self.space, seed: 5).suggest(trial: 41))
    #expect(sampler.suggest(trial: 41) == late)
    #expect(SobolSampler(Self.space, seed: 6).suggest(trial: 41)?.assignment != late.assignment)
    #expect(late.reason == "point 42 of an even spread with seed 5")
  }

  @Test func `what is beyond the directions is drawn at random, and says so`() throws {
    let space = Space(
      (0..<SobolSampler.limit + 2).map { Parameter("p\($0 + 100)", .uniform(low: 0, high: 1)) })
    let first = try #require(SobolSampler(space, seed: 1).suggest(trial: 0))
    #expect(space.contains(first.assignment))
    #expect(first.reason.hasSuffix("the last 2 parameters at random"))
    #expect(SobolSampler.limit >= 32)
  }
}
