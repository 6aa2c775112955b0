import Recurrent
import TestSupport
import Testing
import Training

/// Errors of forecasts and of plain methods, worked by hand.
@Suite struct ForecastErrorTests {
  @Test func `plain forecasts are taken beside it, in units of the data`() throws {
    let values: [Float] = (0..<30).map { Float(10 * ($0 % 3)) + Float($0) }
    let data = try PreparedData(
      ForecastTests.series([values]),
      ForecastTests.plan {
        ($0.window, $0.horizon, $0.season) = (3, 2, 3)
        $0.difference = .first
        $0.quantiles = [0.25, 0.75]
      }, seed: 0)
    let baselines = data.baselines()
    #expect(baselines.map(\.name) == ["mean", "persistence", "seasonal-naive"])
    func value(_ name: String, _ metric: String) -> Double {
      baselines.first { $0.name == name }?.metrics
        .first { $0.split == .test && $0.name == metric }?.value ?? .nan
    }
    // The season before is 3 lower at each step; on the training part as well, so that MASE is 1.
    #expect(abs(value("seasonal-naive", "mae") - 3) < 1e-6)
    #expect(abs(value("seasonal-naive", "rmse") - 3) < 1e-6)
    #expect(abs(value("seasonal-naive", "mase") - 1) < 1e-6)
    // Both quantiles at a point 3 below the truth: (0.25 · 3 + 0.75 · 3) / 2.
    #expect(abs(value("seasonal-naive", "pinball") - 1.5) < 1e-6)
    // The test part: 24 + 0, 25 + 10, 26 + 20, 27 + 0, 28 + 10, 29 + 20.
    let truths = [24.0, 35, 46, 27, 38, 49]
    let last = [43.0, 24, 35, 46, 27]
    let errors = (0..<5).flatMap { [abs(truths[$0] - last[$0]), abs(truths[$0 + 1] - last[$0])] }
    #expect(abs(value("persistence", "mae") - errors.reduce(0, +) / 10) < 1e-5)
  }

  @Test func `errors agree with the hand`() {
    var forecast = ForecastEncoding(horizon: 1, naiveError: 5)
    var tally = ForecastTally()
    for (answer, truth) in [(110.0, 100.0), (180, 200), (5, 0), (7, .nan)] {
      tally.add([answer], middle: 0, quantiles: nil, truth: truth)
    }
    let metrics = Dictionary(uniqueKeysWithValues: tally.metrics(forecast))
    let symmetric = 20.0 / 210 + 40.0 / 380 + 2
    let wanted: [String: Double] = [
      "rmse": 175.0.squareRoot(), "mae": 35.0 / 3, "mape": 10, "smape": 100 * symmetric / 3,
      "mase": 7.0 / 3,
    ]
    #expect(metrics.keys.sorted() == wanted.keys.sorted())
    for (name, value) in wanted { #expect(abs((metrics[name] ?? .nan) - value) < 1e-9) }

    forecast.quantiles = [0.1, 0.5, 0.9]
    forecast.naiveError = 0
    var quantiles = ForecastTally()
    quantiles.add(
      [8, 10, 15], middle: forecast.middle, quantiles: forecast.quantiles, truth: 12)
    quantiles.add(
      [8, 10, 15], middle: forecast.middle, quantiles: forecast.quantiles, truth: 16)
    let found = Dictionary(uniqueKeysWithValues: quantiles.metrics(forecast))
    #expect(found["mase"] == nil)
    #expect(found["mae"] == 4)
    #expect(found["coverage"] == 0.5)
    // 0.1 · 4 + 0.5 · 2 + 0.1 · 3, and 0.1 · 8 + 0.5 · 6 + 0.9 · 1, each over 3.
    let pinball = (1.7 + 4.7) / 6
    #expect(abs((found["pinball"] ?? 0) - pinball) < 1e-12)
  }

  @Test func `the quantile loss agrees with central differences`() {
    let quantiles = [0.1, 0.5, 0.9, 0.1, 0.5, 0.9]
    let elements: [Double] = (0..<12).map { (place: Int) in Double(place * 29 % 17) / 5 - 1.5 }
    let values = Matrix<Double>(rows: 2, columns: 6, elements)
    var targets: [Double] = (0..<12).map { (place: Int) in Double(place * 13 % 11) / 4 - 1.13 }
    targets[7] = .nan
    let gradient = Matrix<Double>()
    let sum = Loss.numbers(.quantile(quantiles), values, targets: targets, gradient: gradient)
    #expect(sum.count == 11)
    let expected = centralDifferences(
      at: UnsafeMutableBufferPointer(start: values.pointer, count: 12), distance: 1e-6
    ) { Loss.numbers(.quantile(quantiles), values, targets: targets).mean }
    #expect(relativeDifference(gradient.elements, expected) < 1e-7)
    // By hand: 0.9 · (2 - 1) and 0.1 · (1 - 0), over two.
    let hand = Loss.numbers(
      .quantile([0.9, 0.9]), Matrix<Double>(rows: 1, columns: 2, [1, 1]), targets: [2, 0])
    #expect(abs(hand.mean - 0.5) < 1e-12)
  }
}
