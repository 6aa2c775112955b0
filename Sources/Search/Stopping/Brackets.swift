/// Shares trials out to brackets: the trials of bracket b are first judged at rung b of a ladder.
///
/// Hyperband's bracket s = `rungs` − 1 − b has ⌈`rungs` · eta^s / (s + 1)⌉ trials; together they make a
/// cycle. Within a cycle the brackets take turns so that after any number of trials each has had its
/// share, to within one or two: a sweep that ends inside a cycle tries all of them. The bracket of a
/// trial follows from its number alone.
struct Brackets: Hashable, Sendable {
  /// How many trials of a cycle each bracket has.
  let sizes: [Int]
  /// The bracket of each trial of a cycle; cut off where the sweep ends.
  private let order: [Int]

  /// Brackets over a ladder.
  ///
  /// - Parameters:
  ///   - count: How many there are; no more than there are rungs.
  ///   - rungs: How many rungs the ladder has.
  ///   - eta: The factor between rungs.
  ///   - trials: How many trials the sweep has.
  init(count: Int, rungs: Int, eta: Int, trials: Int) {
    precondition(count > 0 && trials > 0, "no brackets without trials")
    var sizes: [Int] = []
    for bracket in 0..<min(count, rungs) {
      let halvings = rungs - 1 - bracket
      let power = (0..<halvings).reduce(1) { product, _ in product * eta }
      sizes.append((rungs * power + halvings) / (halvings + 1))
    }
    self.sizes = sizes
    guard sizes.count > 1 else {
      order = [0]
      return
    }
    // Each bracket earns its size with every trial; the one that has earned most pays for the cycle.
    let cycle = sizes.reduce(0, +)
    var earned = sizes.map { _ in 0 }
    var order: [Int] = []
    for _ in 0..<min(cycle, trials) {
      var richest = 0
      for bracket in sizes.indices {
        earned[bracket] += sizes[bracket]
        if earned[bracket] > earned[richest] { richest = bracket }
      }
      earned[richest] -= cycle
      order.append(richest)
    }
    self.order = order
  }

  /// How many brackets there are.
  var count: Int { sizes.count }

  /// The bracket of a trial.
  func bracket(of trial: Int) -> Int { order[trial % order.count] }

  /// How many full cycles lie before a trial.
  func cycle(of trial: Int) -> Int { trial / (count > 1 ? order.count : sizes[0]) }
}
