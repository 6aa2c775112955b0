import Philox
import Testing

@testable import Search

@Suite struct TrialRankingTests {
  func observation(
    _ trial: Int, _ outcome: Outcome, violation: Double = 0
  ) -> Observation {
    Observation(trial: trial, assignment: Assignment(), outcome: outcome, violation: violation)
  }

  @Test(arguments: [(0, 0), (1, 1), (10, 1), (11, 2), (30, 3), (250, 25), (251, 25), (1000, 25)])
  func `a tenth is good, and 25 at most`(finished: Int, good: Int) {
    #expect(TPEOptions().goodCount(of: finished, objectives: 1) == good)
  }

  @Test(arguments: [(1000, 100), (2500, 250), (30_000, 250)])
  func `with several objectives a tenth is good, and 250 at most`(finished: Int, good: Int) {
    #expect(TPEOptions().goodCount(of: finished, objectives: 2) == good)
  }

  /// Trials come, change and vanish; coarse losses, so that many are equal.
  @Test(arguments: 2...3, 0..<4 as Range<UInt64>)
  func `the best of many fronts are those of a look at all`(objectives: Int, seed: UInt64) {
    var random = Philox(seed: seed).sequence(.search)
    var fronts = LeadingFronts()
    var all: [Int: [Double]] = [:]
    for step in 0..<600 {
      let trial = step % 50 == 49 ? random.index(below: step) : 7 * step % 601
      // Better and better, so that all fronts move.
      let losses =
        step % 97 == 96
        ? nil : (0..<objectives).map { _ in Double(random.index(below: 40) - step / 20) }
      fronts.set(losses, of: trial)
      all[trial] = losses
      #expect(fronts.count == all.count)
      let count = 1 + step / 50
      let trials = all.keys.sorted()
      let best = ParetoSelection.best(count, of: trials.compactMap { all[$0] })
      #expect(Set(fronts.best(count)) == Set(best.map { trials[$0] }), "step \(step)")
    }
  }

  @Test func `completed trials come before pruned and these before infeasible ones`() {
    var options = TPEOptions()
    var ranked: [[Int]] = []
    for share in [0.1, 0.25, 0.5, 0.75, 0.85, 1] {
      options.goodShare = share
      var ranking = TrialRanking(options)
      ranking.observe(observation(0, .completed([0.1]), violation: 2))
      ranking.observe(observation(1, .pruned([0.2], epochs: 3)))
      ranking.observe(observation(2, .completed([0.9])))
      ranking.observe(observation(3, .pruned([0.3], epochs: 9)))
      ranking.observe(observation(4, .failed))
      ranking.observe(observation(5, .running))
      ranking.observe(observation(6, .pruned([0.1], epochs: 3), violation: 1))
      ranking.observe(observation(7, .completed([.nan])))
      ranking.observe(observation(8, .completed([0.5])))
      ranking.observe(observation(9, .pruned([0.1], epochs: 3)))
      ranked.append(ranking.good().sorted())
    }
    #expect(
      ranked == [
        [8], [2, 8], [2, 3, 7, 8], [2, 3, 7, 8, 9, 1].sorted(), [2, 3, 7, 8, 9, 1, 6].sorted(),
        [0, 1, 2, 3, 6, 7, 8, 9],
      ])
  }

  @Test func `the last that is told of a trial counts`() {
    var options = TPEOptions()
    options.goodShare = 0.5
    var ranking = TrialRanking(options)
    for trial in 0..<4 { ranking.observe(observation(trial, .completed([Double(trial)]))) }
    let first = ranking.good()
    #expect(first == [0, 1])
    ranking.observe(observation(0, .failed))
    ranking.observe(observation(3, .completed([0.5])))
    ranking.observe(observation(3, .completed([0.7])))
    let second = ranking.good()
    #expect(second == [1, 3])
    #expect(ranking.count == 3)
  }

  @Test func `fronts are what no other point dominates`() {
    let points: [[Double]] = [[1, 5], [2, 2], [5, 1], [3, 3], [2, 6], [2, 2], [6, 6]]
    #expect(ParetoSelection.fronts(of: points) == [[0, 1, 2, 5], [3, 4], [6]])
    let space: [[Double]] = [
      [1, 1, 9], [1, 9, 1], [9, 1, 1], [2, 2, 9], [2, 9, 9], [1, 1, 9],
    ]
    #expect(ParetoSelection.fronts(of: space) == [[0, 1, 2, 5], [3], [4]])
  }

  @Test func `of a front those are chosen that dominate most`() {
    // The reference is (11, 11): areas 10, 81 and 10; then the knee leaves 1 · 8 for each end.
    let plane: [[Double]] = [[1, 10], [2, 2], [10, 1], [9.9, 1.5]]
    #expect(ParetoSelection.widest(1, of: plane) == [1])
    #expect(Set(ParetoSelection.widest(2, of: plane)).contains(1))
    #expect(ParetoSelection.widest(4, of: plane) == [0, 1, 2, 3])
    #expect(ParetoSelection.best(2, of: [[9, 9], [1, 3], [3, 1]]).sorted() == [1, 2])
  }

  @Test func `plane and space choose alike`() {
    // A third loss that is the same for all changes nothing.
    let plane = (0..<40).map { index in
      let x = Double((index * 37) % 40) / 40 + 0.01
      return [x, 1 / x]
    }
    for count in [1, 5, 17, 39] {
      let chosen = ParetoSelection.widest(count, of: plane)
      #expect(ParetoSelection.widest(count, of: plane.map { $0 + [1] }) == chosen)
    }
  }

  @Test func `volumes are counted once`() {
    #expect(ParetoSelection.volume(of: [[1, 1], [0, 2], [1, 1]], below: [3, 3]) == 5)
    #expect(ParetoSelection.volume(of: [[1, 1, 1]], below: [2, 3, 4]) == 6)
    #expect(ParetoSelection.volume(of: [[0, 1, 1], [1, 0, 1]], below: [2, 2, 2]) == 3)
    #expect(ParetoSelection.volume(of: [[3, 3]], below: [2, 2]) == 0)
  }
}
