import Testing
import Training

/// What follows from the steps and the times of series: their parts and their seasons.
@Suite struct SeriesTimeTests {
  @Test func `parts are given by steps, by dates and by folds`() throws {
    let times = (0..<100).map { Int64($0) * 86_400 }
    let dataset = ForecastTests.series([(0..<100).map(Float.init)], times: times)
    func parts(_ change: (inout DataPlan.Division) -> Void) throws -> [[Int]] {
      var plan = DataPlan(window: 7)
      change(&plan.split)
      let data = try PreparedData(dataset, plan, seed: 0)
      return Split.allCases.map { split in
        let origins = data[split].starts.map { $0 + 7 }
        return [origins.first ?? -1, origins.last ?? -1]
      }
    }
    #expect(
      try parts {
        $0.testSteps = 30
        $0.validationSteps = 20
      } == [[7, 49], [50, 69], [70, 99]])
    // The first of March is day 59, the first of April day 90.
    #expect(
      try parts {
        $0.testFrom = "1970-04"
        $0.validationFrom = "1970-03-01"
      } == [[7, 58], [59, 89], [90, 99]])
    for fold in 0..<3 {
      #expect(
        try parts {
          $0.testSteps = 31
          $0.validationSteps = 10
          $0.folds = 3
          $0.fold = fold
        } == [
          [7, 58 + 10 * fold], [59 + 10 * fold, 68 + 10 * fold],
          [69 + 10 * fold, fold == 2 ? 99 : 78 + 10 * fold],
        ])
    }
    #expect(try PreparedData(dataset, DataPlan(), seed: 0).plan.season == 7)
  }

  @Test func `a series that is too short for folds is tested in none of them`() throws {
    let dataset = Dataset(
      name: "s",
      inputs: .values(
        [(0..<25).map { Float($0) }, (0..<100).map { Float($0) }], channels: ["y"]),
      targets: .none, names: ["north", "south"])
    var plan = DataPlan(window: 7, horizon: 2)
    plan.split.test = 0.2
    for fold in 0..<3 {
      (plan.split.folds, plan.split.fold) = (3, fold)
      let data = try PreparedData(dataset, plan, seed: 0)
      // A fifth of the first one are five steps, one for each fold.
      #expect(Set(data.test.rows) == [1] && Set(data.train.rows) == [0, 1])
      #expect(
        data.notes.contains(
          "1 of 2 series has less than 6 steps in the test part, and is tested in no fold: 'north'"
        ))
      for split in [Split.train, .validation] {
        let starts = zip(data[split].starts, data[split].rows).filter { $0.1 == 0 }.map(\.0)
        #expect(!starts.isEmpty && starts.allSatisfy { $0 + 7 + 2 <= 20 })
      }
    }
    plan.split.folds = 30
    let error = #expect(throws: PlanError.self) { try PreparedData(dataset, plan, seed: 0) }
    #expect(error?.field == "data.split.folds")
    #expect(error?.found == "30 folds of the 20 test steps of the longest series, 0 to each")
  }

  private static func season(_ dataset: Dataset) throws -> Int? {
    try PreparedData(dataset, DataPlan(window: 5), seed: 0).plan.season
  }

  /// Steps in seconds.
  @Test(arguments: [
    (60, 1440), (900, 96), (1800, 48), (3600, 24), (43_200, 2), (86_400, 7), (604_800, nil),
    (7000, nil), (1, nil),
  ])
  func `the season follows from the times`(step: Int64, season: Int?) throws {
    let times = (0..<100).map { 345_600 + step * Int64($0) }
    let values = (0..<100).map { Float($0) }
    #expect(try Self.season(ForecastTests.series([values], times: times)) == season)
  }

  @Test func `days of work, quarters and series of several lengths have seasons`() throws {
    let days = (0..<140).map { 345_600 + 86_400 * Int64($0) }
    let work = days.enumerated().filter { $0.offset % 7 < 5 }.map(\.element)
    let values = work.map { Float($0 % 7) }
    #expect(try Self.season(ForecastTests.series([values], times: work)) == 5)
    var quarters = [946_684_800 as Int64]
    for quarter in 0..<39 {
      let days = [quarter % 16 < 4 ? 91 : 90, 91, 92, 92][quarter % 4]
      quarters.append(quarters[quarter] + 86_400 * Int64(days))
    }
    #expect(
      try Self.season(ForecastTests.series([quarters.map { Float($0) }], times: quarters)) == 4)
    // A first series of two steps says nothing of the second.
    let several = Dataset(
      name: "s", inputs: .values([[1, 2], (0..<60).map { Float($0) }], channels: ["y"]),
      targets: .none,
      times: NumberSequences([[0, 86_400], (0..<60).map { 3600 * Int64($0) }]),
      names: ["north", "south"])
    #expect(try Self.season(several) == 24)
    let notes = try PreparedData(several, DataPlan(window: 5, horizon: 2), seed: 0).notes
    #expect(
      notes.contains(
        "1 of 2 series has less than 7 steps in the training part, and nothing is learnt from it: 'north'"
      ))
  }
}
