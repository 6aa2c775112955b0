import Testing

@testable import Pictures

/// Pictures of forecasts, and of what was predicted of examples.
@Suite struct ForecastTests {
  @Test func `a forecast stands beside truth, interval and a naive one`() throws {
    let forecast = Forecast(
      title: "Trial 9", horizontal: .moments("time (UTC)"), vertical: "passengers, thousands",
      places: [0, 2_678_400, 5_097_600, 7_776_000], truth: .init("truth", [100, 120, 130, nil]),
      forecast: .init("median", [nil, 118, 133, 140]),
      intervals: [.init("80 %", low: [nil, 110, 120, 125], high: [nil, 125, 140, 150])],
      baselines: [.init("a year before", [nil, 100, 120, 130])], begin: 2_678_400)
    #expect(forecast.meanError(of: forecast.forecast.values)?.error == 2.5)
    let markup = try checked(forecast.picture())
    for text in [
      "truth", "median", "80 %", "a year before", "time (UTC)", "passengers, thousands", "forecast",
      "forecast − truth",
    ] {
      #expect(markup.says(text), "\(text)")
    }
    #expect(markup.tells("over 2 places: 2.500; a year before: 15."))
    #expect(markup.tells("1970"))
  }

  @Test func `forecasts of nothing, of one step and of many`() throws {
    func forecast(_ values: [Double?], _ truth: [Double?]) -> Forecast {
      Forecast(
        title: "t", horizontal: .steps("step"), vertical: "y",
        places: values.indices.map(Double.init),
        truth: .init("truth", truth), forecast: .init("mean", values))
    }
    #expect(try checked(forecast([], []).picture()).tells("no predictions"))
    #expect(try checked(forecast([nil, .nan], [nil, nil]).picture()).tells("no predictions"))
    #expect(try checked(forecast([3], [4]).picture()).tells("over 1 place: 1."))
    #expect(try checked(forecast([3, 3], [3, 3]).picture()).says("truth"))
    let widths = try checked(forecast([3], [4]).picture()).attributes["path.stroke-width"] ?? []
    #expect(widths.count { $0 == "6" } == 3, "truth, forecast and what it missed by are dots")
    let many = forecast((0..<50_000).map { Double($0 % 100) }, (0..<50_000).map { Double($0 % 97) })
    _ = try checked(many.picture(), most: 300_000)
  }

  @Test func `what is said of examples by themselves is points, and no forecast`() throws {
    let places = (1...40).map(Double.init)
    func picture(isSeries: Bool) -> Picture {
      Forecast(
        title: "t", horizontal: .steps("example"), vertical: "y", places: places,
        truth: .init("truth", places),
        forecast: .init(isSeries ? "forecast" : "prediction", places.map { $0 + 1 }),
        intervals: [.init("interval", low: places, high: places.map { $0 + 2 })],
        shown: 1...20, isSeries: isSeries
      ).picture()
    }
    let markup = try checked(picture(isSeries: false))
    for text in ["truth", "prediction", "prediction − truth", "interval"] {
      #expect(markup.says(text), "\(text)")
    }
    #expect(markup.tells("Of 40 predictions 20 are drawn.") && !markup.tells("forecast"))
    func joins(_ picture: Picture) throws -> Bool {
      // One straight line, such as that of no error, joins nothing.
      try (checked(picture).attributes["path.d"] ?? []).contains { $0.count { $0 == "L" } > 1 }
    }
    #expect(try joins(picture(isSeries: true)) && !joins(picture(isSeries: false)))
    // Twenty dots each of truth, predictions and what they missed by.
    let dots = (markup.attributes["path.d"] ?? []).filter { $0.count { $0 == "h" } == 20 }
    #expect(dots.count >= 3)
  }

  @Test func `of many forecasts some are drawn, and all are counted`() throws {
    let places = (0..<1000).map(Double.init)
    let misses = places.map { $0 < 500 ? nil : $0 < 600 ? $0 + 1 : $0 + 11 }
    var forecast = Forecast(
      title: "t", horizontal: .steps("step"), vertical: "y", places: places,
      truth: .init("truth", places), forecast: .init("mean", misses), begin: 500,
      shown: 450...599)
    let markup = try checked(forecast.picture())
    #expect(markup.tells("over 500 places: 9."))
    #expect(markup.tells("Of 500 forecasts 100 are drawn."))
    #expect(markup.says("450") || markup.says("460"), "the axis begins near what is drawn")
    #expect(markup.says("1000") == false && markup.says("900") == false)
    forecast.shown = 0...999
    #expect(try checked(forecast.picture()).tells("are drawn") == false)
  }

  @Test func `what does not fit into a row of a legend stands in the next`() throws {
    let names = (0..<3).map { "a method with a name that takes a third of the width, number \($0)" }
    let places = (0..<9).map(Double.init)
    let forecast = Forecast(
      title: "t", horizontal: .steps("step"), vertical: "y", places: places,
      truth: .init("truth", places), forecast: .init("mean", places.map { $0 < 8 ? nil : $0 }),
      intervals: [
        .init(
          "between the outer quantiles", low: places.map { $0 - 1 }, high: places.map { $0 + 1 })
      ], baselines: names.map { .init($0, places) }, begin: 8)
    let markup = try checked(forecast.picture())
    for name in names + ["between the outer quantiles"] { #expect(markup.says(name)) }
    // At the right end the mark of the forecast has its name to the left.
    let label = forecast.picture().svg().split(separator: "\n").first { $0.contains(">forecast<") }
    #expect(label?.contains("text-anchor=\"end\"") == true)
  }
}
