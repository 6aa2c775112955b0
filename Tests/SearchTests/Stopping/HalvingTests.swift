import Testing

@testable import Search

@Suite struct HalvingTests {
  @Test func `rungs grow by the factor and end with the whole training`() {
    #expect(Ladder(minimum: 1, eta: 3, epochs: 81).epochs == [1, 3, 9, 27, 81])
    #expect(Ladder(minimum: 1, eta: 3, epochs: 100).epochs == [1, 3, 9, 27, 100])
    #expect(Ladder(minimum: 2, eta: 4, epochs: 32).epochs == [2, 8, 32])
    #expect(Ladder(minimum: 1, eta: 3, epochs: 2).epochs == [2])
    #expect(Ladder(minimum: 9, eta: 3, epochs: 4).epochs == [4])
    #expect(Ladder(every: 3, warmUp: 2, epochs: 11).epochs == [5, 8, 11])
    #expect(Ladder(every: 3, warmUp: 20, epochs: 11).epochs == [11])
    let ladder = Ladder(minimum: 1, eta: 3, epochs: 100)
    #expect(ladder.epochs.map(ladder.rung) == [0, 1, 2, 3, 4])
  }

  @Test func `brackets have the sizes of the paper`() {
    let brackets = Brackets(count: 5, rungs: 5, eta: 3, trials: 1_000)
    #expect(brackets.sizes == [81, 34, 15, 8, 5])
    #expect(Brackets(count: 2, rungs: 5, eta: 3, trials: 9).sizes == [81, 34])
    #expect(Brackets(count: 9, rungs: 3, eta: 4, trials: 9).sizes == [16, 6, 3])
    #expect(Brackets(count: 1, rungs: 3, eta: 4, trials: 9).bracket(of: 5) == 0)
  }

  @Test func `each cycle has exactly the sizes, and each beginning of one its share`() {
    let brackets = Brackets(count: 5, rungs: 5, eta: 3, trials: 1_000)
    var counts = [0, 0, 0, 0, 0]
    for trial in 0..<429 {
      counts[brackets.bracket(of: trial)] += 1
      #expect(brackets.cycle(of: trial) == trial / 143)
      for (count, size) in zip(counts, brackets.sizes) {
        let share = Double(size * (trial + 1)) / 143
        #expect(abs(Double(count) - share) < 2)
      }
      if trial % 143 == 142 {
        #expect(counts == brackets.sizes.map { $0 * (trial / 143 + 1) })
      }
    }
    // A sweep that is shorter than a cycle has the beginning of it.
    let short = Brackets(count: 5, rungs: 5, eta: 3, trials: 20)
    #expect((0..<20).map(short.bracket) == (0..<20).map(brackets.bracket))
  }

  /// Reports losses at a rung; none of them is the last rung of its trial.
  private func report(
    _ rule: inout some StopRule, _ epochs: Int, _ losses: [(Int, Double)]
  ) {
    for (trial, loss) in losses {
      let kind = rule.report(trial: trial, epochs: epochs, losses: [loss]).kind
      #expect(kind == "pause")
    }
  }

  private func promoted(_ rule: inout some StopRule, isComplete: Bool = false) -> [[Int]] {
    var all: [[Int]] = []
    while let next = rule.promote(isComplete: isComplete) { all.append([next.trial, next.until]) }
    return all
  }

  private func dismissed(_ rule: inout some StopRule) -> [Int] {
    var all: [Int] = []
    while let next = rule.dismiss() { all.append(next.trial) }
    return all
  }

  @Test func `halving waits for each rung to fill`() throws {
    var rule = SuccessiveHalving(epochs: 9, eta: 3, trials: 9)
    let losses = [5.0, 3, 8, 1, 9, 2, 7, 4, 6].enumerated().map { ($0.offset, $0.element) }
    report(&rule, 1, Array(losses.dropLast()))
    #expect(promoted(&rule).isEmpty)
    #expect(dismissed(&rule).isEmpty)
    report(&rule, 1, [losses[8]])
    let next = rule.promote(isComplete: false)
    let first = try #require(next)
    #expect(first.trial == 3 && first.until == 3)
    #expect(
      first.why.reason == "rank 1 of 9 at epoch 1, of whom the best 3 go on; cutoff loss 3")
    #expect(
      first.why.details == [
        "bracket": 0, "cutoff": 3.0, "epochs": 1, "eta": 3, "loss": 1.0, "places": 3,
        "population": 9, "rank": 1, "rung": 0,
      ])
    #expect(promoted(&rule) == [[5, 3], [1, 3]])
    #expect(dismissed(&rule) == [7, 0, 8, 6, 2, 4])
    report(&rule, 3, [(3, 0.5), (5, 0.4)])
    #expect(promoted(&rule).isEmpty)
    report(&rule, 3, [(1, 0.6)])
    #expect(promoted(&rule) == [[5, 9]])
    #expect(dismissed(&rule) == [3, 1])
    #expect(rule.report(trial: 5, epochs: 9, losses: [0.3]) == .complete)
  }

  @Test func `halving does not wait for those that fail`() {
    var rule = SuccessiveHalving(epochs: 9, eta: 3, trials: 9)
    rule.drop(trial: 8)
    report(&rule, 1, (0..<7).map { ($0, Double($0)) })
    #expect(promoted(&rule).isEmpty)
    // The last one comes with a loss that is no number: seven are left.
    #expect(rule.report(trial: 7, epochs: 1, losses: [.nan]).kind == "stop")
    #expect(promoted(&rule) == [[0, 3], [1, 3]])
    report(&rule, 3, [(0, 0)])
    rule.drop(trial: 1)
    #expect(promoted(&rule) == [[0, 9]])
  }

  @Test func `at the end halving judges with what is there`() {
    var rule = SuccessiveHalving(epochs: 9, eta: 3, trials: 90)
    report(&rule, 1, [(0, 2), (1, 1)])
    #expect(promoted(&rule).isEmpty)
    #expect(promoted(&rule, isComplete: true) == [[1, 3]])
    #expect(dismissed(&rule) == [0])
    report(&rule, 3, [(1, 1)])
    #expect(promoted(&rule) == [[1, 9]])
  }

  @Test func `hyperband compares within brackets and cycles`() {
    // Three brackets for 9 epochs: 9, 5 and 3 trials that start at epochs 1, 3 and 9.
    var rule = Hyperband(epochs: 9, eta: 3, trials: 34)
    let byStart = Dictionary(grouping: 0..<17) { rule.rungs(trial: $0)[0] }
    #expect(byStart.mapValues(\.count) == [1: 9, 3: 5, 9: 3])
    let starts = (0..<34).map { rule.rungs(trial: $0)[0] }
    #expect(starts[..<17] == starts[17...])
    let low = byStart[1] ?? []
    // Losses by number; one of the next cycle is better than all of them and does not count.
    report(&rule, 1, [((low.first ?? 0) + 17, -1)])
    report(&rule, 1, low.map { ($0, Double($0)) })
    #expect(promoted(&rule) == low.prefix(3).map { [$0, 3] })
    let middle = byStart[3] ?? []
    report(&rule, 3, middle.map { ($0, Double($0)) })
    #expect(promoted(&rule) == middle.prefix(1).map { [$0, 9] })
    let high = byStart[9] ?? []
    #expect(
      high.map { rule.report(trial: $0, epochs: 9, losses: [1]) }.allSatisfy { $0 == .complete })
  }
}
