import Testing

@testable import Search

@Suite struct RankingTests {
  @Test func `one loss ranks by itself, equal ones by the number of the trial`() {
    var ranking = Ranking()
    for (trial, loss) in [(4, 0.5), (1, 0.7), (2, 0.5), (9, 0.1)] {
      ranking.insert(trial: trial, losses: [loss])
    }
    #expect((0..<4).map { ranking.entry(at: $0).trial } == [9, 2, 4, 1])
    #expect(ranking.place(of: 4) == 2)
    #expect(ranking.place(of: 7) == nil)
    #expect(ranking.losses(of: 1) == [0.7])
  }

  @Test func `the best that waits is known through promotions, arrivals and removals`() {
    var ranking = Ranking()
    for trial in 0..<4 { ranking.insert(trial: trial, losses: [Double(trial)]) }
    ranking.promote(at: 0)
    ranking.promote(at: 1)
    #expect(ranking.bestWaiting() == 2)
    ranking.insert(trial: 10, losses: [0.5])
    #expect(ranking.bestWaiting() == 1)
    ranking.remove(trial: 10)
    #expect(ranking.bestWaiting() == 2)
    ranking.remove(trial: 0)
    #expect(ranking.bestWaiting() == 1)
    ranking.promote(at: 1)
    ranking.promote(at: 2)
    #expect(ranking.bestWaiting() == nil)
  }

  @Test(arguments: [1, 2, 3]) func `incremental ranks are those of sorting anew`(objectives: Int) {
    var random = TestRandom(seed: UInt64(objectives))
    var ranking = Ranking()
    var members: [Int: [Double]] = [:]
    var promoted: Set<Int> = []
    for trial in 0..<120 {
      let losses = (0..<objectives).map { _ in Double(random.next() % 12) }
      ranking.insert(trial: trial, losses: losses)
      members[trial] = losses
      if trial % 5 == 4 {
        let gone = Int(random.next() % UInt64(trial))
        ranking.remove(trial: gone)
        members[gone] = nil
      }
      if trial % 3 == 2, let place = ranking.bestWaiting() {
        promoted.insert(ranking.entry(at: place).trial)
        ranking.promote(at: place)
      }
      let trials = members.keys.sorted()
      let points = trials.map { members[$0] ?? [] }
      let expected = NaiveRanking.order(points).map { trials[$0] }
      #expect((0..<ranking.count).map { ranking.entry(at: $0).trial } == expected)
      #expect(ranking.bestWaiting() == expected.firstIndex { !promoted.contains($0) })
    }
  }

  @Test func `several losses rank by fronts, then by room`() {
    // Front 0: a (0, 4), b (1, 2), c (4, 0), d (2, 1.5); behind it e (3, 3) and f (2, 4).
    let points: [[Double]] = [[0, 4], [1, 2], [4, 0], [2, 1.5], [3, 3], [2, 4]]
    #expect(NonDomination.fronts(points) == [[0, 1, 2, 3], [4, 5]])
    // b: (2 − 0)/4 + (4 − 1.5)/4 = 1.125; d: (4 − 1)/4 + (2 − 0)/4 = 1.25.
    #expect(NonDomination.crowding(points, [0, 1, 2, 3]) == [.infinity, 1.125, .infinity, 1.25])
    #expect(NonDomination.order(points) == [0, 2, 3, 1, 4, 5])
  }
}

/// Non-dominated sorting as it is defined, front by front.
enum NaiveRanking {
  static func order(_ points: [[Double]]) -> [Int] {
    guard let objectives = points.first?.count else { return [] }
    if objectives == 1 {
      return points.indices.sorted { (points[$0][0], $0) < (points[$1][0], $1) }
    }
    var left = Array(points.indices)
    var order: [Int] = []
    while !left.isEmpty {
      let front = left.filter { point in
        !left.contains { other in
          zip(points[other], points[point]).allSatisfy { $0 <= $1 }
            && points[other] != points[point]
        }
      }
      let room = NonDomination.crowding(points, front)
      let places = front.indices.sorted { first, second in
        room[first] != room[second] ? room[first] > room[second] : front[first] < front[second]
      }
      order += places.map { front[$0] }
      left.removeAll(where: front.contains)
    }
    return order
  }
}

/// A small generator for tests (SplitMix64).
struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
