import Testing

@testable import Search

/// Tests/SearchTests/Fixtures/tpe.py writes the densities.
@Suite struct TPEDensityTests {
  /// Parameters, the trials that were seen, and what Optuna makes of some points.
  struct Case {
    let axes: [Axis]
    let seen: [[Double]]
    let points: [[Double]]
    let densities: [Double]

    init(_ value: Value) throws {
      let map = try #require(value.map)
      axes = try #require(map["axes"]?.list).map(Self.axis)
      let axes = axes
      func rows(_ key: String) throws -> [[Double]] {
        try #require(map[key]?.list).map { row in
          try zip(axes, #require(row.list)).map { axis, number in
            let number = try #require(number.number)
            return axis.isLogarithmic ? Exponential.log(number) : number
          }
        }
      }
      seen = try rows("seen")
      points = try rows("points")
      densities = try #require(map["densities"]?.list).map { try #require($0.number) }
    }

    private static func axis(_ value: Value) throws -> Axis {
      let kind = try #require(value.map?["kind"]?.string)
      let arguments = try #require(value.map?["arguments"]?.list)
      if kind == "choice" { return Axis(.choice(arguments)) }
      let numbers = try arguments.map { try #require($0.number) }
      switch kind {
      case "uniform": return Axis(.uniform(low: numbers[0], high: numbers[1]))
      case "log_uniform": return Axis(.logUniform(low: numbers[0], high: numbers[1]))
      case "step": return Axis(.steps(low: numbers[0], high: numbers[1], step: numbers[2]))
      case "int_log": return Axis(.logIntegers(low: Int(numbers[0]), high: Int(numbers[1])))
      default:
        let step = numbers.count > 2 ? Int(numbers[2]) : 1
        return Axis(.integers(low: Int(numbers[0]), high: Int(numbers[1]), step: step))
      }
    }
  }

  @Test func `densities are those of Optuna`() throws {
    let cases = try #require(Fixture.json("tpe").list).map(Case.init)
    #expect(cases.count == 62)
    for example in cases {
      var estimator = ParzenEstimator(example.axes, priorWeight: 1)
      estimator.update(
        removing: [],
        inserting: example.seen.enumerated().map { .init(trial: $0, numbers: $1) })
      for (point, density) in zip(example.points, example.densities) {
        let ours = estimator.logDensity(at: point)
        #expect(
          abs(ours - density) < 1e-6,
          "\(ours), not \(density), at \(point) of \(example.axes.map(\.distribution))")
      }
    }
  }
}
