import Search
import Testing

@Suite struct StudyRestoringTests {
  @Test(
    arguments: StopRuleKind.allCases,
    [StudyOrder.arrival, .deterministic(window: 1), .deterministic(window: 4)])
  func `a study that is cut anywhere goes on as if it had not been`(
    kind: StopRuleKind, order: StudyOrder
  ) throws {
    for seed in 0..<4 {
      var settings = StudySettings(trials: 14, order: order)
      settings.repeats = 1 + seed % 2
      // The sampler ends before the budget does in one of the runs.
      let limit = seed == 3 ? 5 : Int.max
      let world = StudyWorld(seed: UInt64(seed), objectives: 1 + seed / 2)
      var random = TestRandom(seed: UInt64(seed))
      var driver = StudyDriver(
        try StudyDriver.study(kind, settings, limit: limit), world: world, workers: 1 + seed % 3)
      while !driver.isFinished {
        driver.advance(&random)
        // Rows come back in no order.
        var restored = driver
        restored.study = try StudyDriver.study(
          kind, settings, limit: limit, history: driver.records.reversed())
        var (one, other) = (random, random)
        var expected = driver
        expected.run(&one)
        restored.run(&other)
        #expect(restored.moves == expected.moves)
        #expect(restored.verdicts == expected.verdicts)
        // Also one that was cut after its end says so, having taken all results, and tells nothing again.
        let last = restored.study.next()
        #expect(last == .finished)
        #expect(restored.study.taken == expected.study.taken)
        #expect(restored.study.verdicts().isEmpty)
      }
    }
  }

  /// A study in the order of arrival, some way into it.
  private func records() throws -> [LegRecord] {
    var driver = StudyDriver(
      try StudyDriver.study(.asha, StudySettings(trials: 9)),
      world: StudyWorld(seed: 1, failures: 0), workers: 2)
    // The last thing that happens is a result.
    for _ in 0..<11 { driver.step(driver.choices.first ?? nil) }
    return driver.records
  }

  private func restore(_ records: [LegRecord]) throws -> Study {
    try StudyDriver.study(.asha, StudySettings(trials: 9), history: records)
  }

  @Test func `results that were not judged are judged when they are read`() throws {
    var records = try records()
    let last = try #require(
      records.indices.max {
        (records[$0].arrival ?? -1) < (records[$1].arrival ?? -1)
      })
    let expected = try #require(records[last].verdict)
    records[last].verdict = nil
    records[last].arrival = nil
    var study = try restore(records)
    let told = study.verdicts()
    #expect(told.map(\.leg) == [records[last].number])
    #expect(told.map(\.kind) == [expected])
    var again = try restore(try self.records())
    #expect(again.verdicts().isEmpty)
  }

  @Test func `a history of another study is refused`() throws {
    let records = try records()
    var other = records
    other[3].trial = 7
    let first = #expect(throws: StudyError.self) { _ = try restore(other) }
    #expect(first?.leg == other[3].number)
    other = records
    for place in other.indices { other[place].result = nil }
    #expect(throws: StudyError.self) { _ = try restore(other) }
    other = records
    other[1].verdict = .complete
    let third = #expect(throws: StudyError.self) { _ = try restore(other) }
    #expect(third?.description == "the trial of leg 1 is stored with another verdict")
    other = records
    other[1].after = 40
    #expect(throws: StudyError.self) { _ = try restore(other) }
  }
}
