import Search
import Testing

/// What holds for any rule, any order of results and any number of workers.
@Suite struct StudyOrderTests {
  @Test(arguments: StopRuleKind.allCases, [StudyOrder.arrival, .deterministic(window: 3)])
  func `exactly as many trials are begun as were asked for, and each one ends`(
    kind: StopRuleKind, order: StudyOrder
  ) throws {
    for seed in 0..<20 {
      var random = TestRandom(seed: UInt64(seed))
      let trials = 1 + seed * 2
      let world = StudyWorld(
        seed: UInt64(seed), failures: seed % 4 == 0 ? 0.5 : 0.1, objectives: 1 + seed % 2)
      var driver = StudyDriver(
        try StudyDriver.study(kind, StudySettings(trials: trials, order: order)), world: world,
        workers: 1 + seed % 5)
      driver.run(&random)
      let begun = driver.moves.compactMap { move -> Int? in
        if case .begin(let leg, _) = move { leg.trial } else { nil }
      }
      #expect(begun == Array(0..<trials))
      #expect(driver.study.begun == trials)
      #expect(Set(driver.ends.keys) == Set(0..<trials))
      let isOver = driver.ends.values.allSatisfy { $0.kind != .pause && $0.kind != .goOn }
      #expect(isOver)
      // If one promoted trial fails, another one is trained to the end.
      if [.asha, .pasha].contains(kind), world.failures < 0.2, trials > 4 {
        let isAnyWhole = driver.ends.values.contains { $0.kind == .complete }
        #expect(isAnyWhole)
      }
      let repeated = driver.study.next()
      #expect(repeated == .finished)
    }
  }

  @Test(arguments: StopRuleKind.allCases, 1...4)
  func `a deterministic study is the same for any arrival and number of workers`(
    kind: StopRuleKind, window: Int
  ) throws {
    for seed in 0..<4 {
      let world = StudyWorld(seed: UInt64(seed), objectives: 1 + seed % 2)
      let settings = StudySettings(trials: 24, order: .deterministic(window: window))
      var expected: StudyDriver?
      for run in 0..<12 {
        var random = TestRandom(seed: UInt64(run))
        var driver = StudyDriver(
          try StudyDriver.study(kind, settings), world: world, workers: 1 + run % window)
        driver.run(&random)
        expected = expected ?? driver
        #expect(driver.moves == expected?.moves)
        #expect(driver.verdicts == expected?.verdicts)
      }
    }
  }

  @Test(arguments: [StopRuleKind.asha, .stoppingASHA, .halving, .pasha, .median])
  func `every order of a small deterministic study gives the same moves`(kind: StopRuleKind) throws
  {
    let settings = StudySettings(trials: 4, order: .deterministic(window: 3))
    let start = StudyDriver(
      try StudyDriver.study(kind, settings), world: StudyWorld(seed: 5, failures: 0), workers: 3)
    var expected: StudyDriver?
    var orders = 0
    var drivers = [start]
    while let driver = drivers.popLast() {
      guard !driver.isFinished else {
        orders += 1
        expected = expected ?? driver
        #expect(driver.moves == expected?.moves)
        #expect(driver.verdicts == expected?.verdicts)
        continue
      }
      // A slot that is free is filled at once; all orders of results are tried.
      let choices = driver.choices.first == .some(nil) ? [nil] : driver.choices
      #expect(!choices.isEmpty)
      for choice in choices {
        var next = driver
        next.step(choice)
        drivers.append(next)
      }
    }
    #expect(orders >= 6)
  }

  @Test func `idle numbers let a deterministic study go on with what it may know`() throws {
    // Two trials, window 4: at leg 2 no result may be known yet, nothing can be begun or promoted.
    let settings = StudySettings(trials: 2, order: .deterministic(window: 4))
    var study = Study(
      settings, sampler: NoSampler(), rule: StoppingASHA(epochs: 9, eta: 3, trials: 2))
    for trial in 0..<2 {
      guard case .begin(let leg, _) = study.next() else {
        Issue.record("trial \(trial) is not begun")
        return
      }
      #expect(leg.number == trial && leg.after == 0)
    }
    // Legs 2 and 3 are idle; leg 4 knows leg 0.
    let before = study.next()
    #expect(before == .wait)
    study.take(leg: 1, .reached([1]))
    let still = study.next()
    #expect(still == .wait)
    study.take(leg: 0, .reached([2]))
    guard case .goOn(let leg) = study.next() else {
      Issue.record("trial 0 does not go on")
      return
    }
    #expect(leg.number == 4 && leg.trial == 0 && leg.until == 3 && leg.after == 1)
  }

  @Test(arguments: [StopRuleKind.asha, .stoppingASHA, .hyperband, .halving, .median])
  func `a large study spends little on each decision`(kind: StopRuleKind) {
    // If ranks were sorted anew for each result, this would take minutes.
    let trials = 50_000
    var study = Study(
      StudySettings(trials: trials), sampler: NoSampler(),
      rule: makeStopRule(StopSettings(kind, epochs: 9, trials: trials)))
    var random = TestRandom(seed: 1)
    var legs = 0
    deciding: while true {
      let leg: Leg
      switch study.next() {
      case .begin(let first, _): leg = first
      case .goOn(let next): leg = next
      case .wait, .finished: break deciding
      }
      legs += 1
      study.take(leg: leg.number, .reached([Double(random.next() >> 11)]))
    }
    #expect(study.begun == trials)
    #expect(study.taken == legs)
    let told = study.verdicts()
    #expect(told.count >= legs)
  }
}
