import Philox
import Search
import Testing

@Suite struct DistributionTests {
  static func distribution(_ text: String, of path: String = "training.momentum") throws
    -> Distribution
  {
    let keys = path.split(separator: ".")
    let spec = try Example.parse("dataset: a\ntrials: 1\n\(keys[0]): {\(keys[1]): \(text)}\n")
    return try #require(spec.space[path]).distribution
  }

  static func draws(_ distribution: Distribution, _ count: Int) -> [Double] {
    var random = Philox(seed: 1).sequence(.search)
    return (0..<count).compactMap { _ in distribution.sample(&random).number }
  }

  /// Mean and standard deviation.
  static func moments(_ numbers: [Double]) -> (mean: Double, deviation: Double) {
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    let square = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)
    return (mean, square.squareRoot())
  }

  @Test func `an uncut normal distribution has its moments`() throws {
    let distribution = try Self.distribution("{normal: [1, 0.5]}", of: "model.forget_bias")
    let drawn = Self.draws(distribution, 100_000)
    let (mean, deviation) = Self.moments(drawn)
    // Standard errors: 0.0016 and 0.0011.
    #expect(abs(mean - 1) < 0.008)
    #expect(abs(deviation - 0.5) < 0.006)
    let within = drawn.filter { abs($0 - 1) < 0.5 }.count
    #expect(abs(Double(within) / 100_000 - 0.682689) < 0.008)
  }

  @Test func `a cut normal distribution has the moments of what is left`() throws {
    // momentum is from 0 and below 1. Half of a normal distribution: σ √(2/π) and σ √(1 − 2/π).
    let drawn = Self.draws(try Self.distribution("{normal: [0, 0.1]}"), 100_000)
    #expect(drawn.allSatisfy { $0 >= 0 && $0 < 1 })
    let (mean, deviation) = Self.moments(drawn)
    #expect(abs(mean - 0.0797885) < 0.001)
    #expect(abs(deviation - 0.0602810) < 0.001)
  }

  @Test func `the logarithms of a log normal distribution have its moments`() throws {
    let distribution = try Self.distribution("{log_normal: [-6, 0.8]}", of: "training.rate")
    #expect(distribution.isLogarithmic)
    let drawn = Self.draws(distribution, 100_000).sorted()
    // The median and the quartiles, which need no logarithm: exp(−6), exp(−6 ∓ 0.67449 · 0.8).
    #expect(abs(drawn[50_000] / 0.00247875 - 1) < 0.02)
    #expect(abs(drawn[25_000] / 0.00144510 - 1) < 0.02)
    #expect(abs(drawn[75_000] / 0.00425176 - 1) < 0.02)
  }

  @Test func `the quantiles of a normal distribution are those of the tables`() throws {
    let distribution = try Self.distribution("{normal: [0, 1]}", of: "model.forget_bias")
    // Cut at ±6, which moves none of these by more than 1e-8.
    for (share, number) in [
      (0.5, 0), (0.975, 1.959963985), (0.025, -1.959963985), (0.8413447461, 1),
      (0.001, -3.090232306),
      (0.999999, 4.753424309), (0.000001, -4.753424309),
    ] {
      let found = try #require(distribution.quantile(share).number)
      #expect(abs(found - number) < (abs(number) > 4 ? 1e-3 : 2e-6))
    }
  }

  @Test(arguments: [
    ("{normal: [0.5, 0.2], by: 0.1}", "training.momentum"),
    ("{log_normal: [-3, 2], by: 0.05}", "training.momentum"),
    ("{log_uniform: [0.01, 0.5], by: 0.02}", "training.momentum"),
    ("{uniform: [0, 0.95], by: 0.1}", "training.momentum"),
    ("{normal: [0, 10], by: 3}", "model.forget_bias"),
    ("{ordinal: [0.1, 0.5, 0.9]}", "training.momentum"),
    ("{uniform: [0.2, 0.4]}", "training.momentum"), ("{normal: [2, 0.5]}", "training.momentum"),
    ("{log_normal: [0, 1]}", "training.momentum"), ("{log_uniform: [1e-4, 1]}", "training.rate"),
    ("{int_log: [1, 300]}", "model.hidden"), ("{step: [16, 70, 16]}", "model.hidden"),
  ]) func `what is drawn can be drawn, and only that`(text: String, path: String) throws {
    let distribution = try Self.distribution(text, of: path)
    var random = Philox(seed: 3).sequence(.search)
    var found: Set<Value> = []
    for _ in 0..<5000 {
      let value = distribution.sample(&random)
      #expect(distribution.contains(value))
      found.insert(value)
      let bounds = distribution.bounds
      let number = try #require(value.number)
      #expect(bounds.map { $0.low <= number && number <= $0.high } ?? true)
      if let count = distribution.count {
        let index = try #require(distribution.index(of: value))
        #expect(index < count && distribution.value(at: index) == value)
      }
    }
    if let count = distribution.count { #expect(found.count == count) }
    var last = -Double.infinity
    for share in stride(from: 0.0, to: 1, by: 0.001) {
      let value = distribution.quantile(share)
      #expect(distribution.contains(value))
      let number = try #require(value.number)
      #expect(number >= last)
      last = number
    }
  }

  @Test func `multiples are counted from 0, for uniform from the low end, as on paper`() throws {
    #expect(
      try Self.distribution("{uniform: [0.05, 0.36], by: 0.1}")
        == .steps(low: 0.05, high: 0.36, step: 0.1))
    #expect(
      try Self.distribution("{log_uniform: [0.05, 0.36], by: 0.1}")
        == .logSteps(low: 0.1, high: 0.3, step: 0.1))
    guard
      case .normal(_, _, let low, let high, _, _) = try Self.distribution(
        "{normal: [0.5, 0.2], by: 0.1}")
    else {
      Issue.record("no normal distribution")
      return
    }
    // 1 is no momentum.
    #expect(low == 0 && high == 0.9)
    let drawn = Set(Self.draws(try Self.distribution("{normal: [0.5, 0.2], by: 0.1}"), 5000))
    #expect(drawn.sorted() == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
  }

  @Test func `the ends of quantized ranges have their whole share`() throws {
    let drawn = Self.draws(try Self.distribution("{normal: [0.5, 1000], by: 0.25}"), 40_000)
    for value in [0, 0.25, 0.5, 0.75] {
      #expect(abs(drawn.filter { $0 == value }.count - 10_000) < 500)
    }
  }

  @Test func `draws are the same in every process`() throws {
    let distribution = try Self.distribution("{normal: [0.5, 0.2]}")
    let drawn = Self.draws(distribution, 3)
    #expect(drawn == Self.draws(distribution, 3))
    #expect(drawn.map { $0.bitPattern } == DistributionTests.drawn)
  }

  /// 0.65474…, 0.34958… and 0.23163…: the bits of every machine.
  static let drawn: [UInt64] = [
    4_604_072_626_338_134_780, 4_599_969_144_906_903_359, 4_597_513_462_954_007_874,
  ]

  static let descriptions = [
    ("{normal: [0.5, 0.2]}", "normal 0.5 ± 0.2"),
    ("{normal: [0.5, 0.2], by: 0.1}", "normal 0.5 ± 0.2 by 0.1"),
    ("{log_normal: [-3, 1]}", "log normal -3 ± 1"),
    ("{log_uniform: [0.01, 0.5], by: 0.01}", "log 1e-2…0.5 by 0.01"),
    ("{ordinal: [0.1, 0.5]}", "0.1 < 0.5"),
  ]

  @Test(arguments: descriptions) func `people and files read them`(text: String, shown: String)
    throws
  {
    let distribution = try Self.distribution(text)
    #expect(distribution.description == shown)
    #expect(try Self.distribution(distribution.value.json) == distribution)
  }
}
