/// Chooses the best of a growing number of trials with several losses.
///
/// A new trial moves others to later fronts, never to earlier ones. So it is enough to hold the trials of
/// the first fronts, a few times as many as are chosen, beside those that came since: their first fronts
/// are those of all trials. All are looked at again when too few are left, or when a trial changes.
struct LeadingFronts: Sendable {
  /// How many times as many trials as are chosen are held after a look at all.
  static let reserve = 4

  private var losses: [Int: [Double]] = [:]
  private var held: Held?
  /// Trials that came since the last choice.
  private var added: [Int] = []

  private struct Held {
    /// In the order of their numbers.
    var trials: [Int]
    /// How many of their fronts are whole; nil if these are all trials.
    var fronts: Int?
  }

  /// How many trials there are.
  var count: Int { losses.count }

  /// Takes in the losses of a trial; nil if it has none, or none any more.
  mutating func set(_ new: [Double]?, of trial: Int) {
    let old = losses[trial]
    guard new != old else { return }
    losses[trial] = new
    if old == nil { added.append(trial) } else { held = nil }
  }

  /// The best trials, in no order, as ``ParetoSelection`` chooses them from all.
  ///
  /// - Parameter count: How many to choose.
  /// - Returns: So many trials, or all if there are no more.
  /// - Complexity: That of choosing from a few times `count` trials, but for now and then from all.
  mutating func best(_ count: Int) -> [Int] {
    defer { added = [] }
    if let held, let chosen = choose(count, from: (held.trials + added).sorted(), held.fronts) {
      return chosen
    }
    return choose(count, from: losses.keys.sorted(), nil) ?? []
  }

  /// The best of some trials, which are held from now on as far as they may be needed; nil if only the
  /// first fronts are known, and those are not enough.
  private mutating func choose(_ count: Int, from trials: [Int], _ known: Int?) -> [Int]? {
    let points = trials.map { losses[$0] ?? [] }
    let fronts = ParetoSelection.fronts(of: points)
    var (sum, needed, kept) = (0, 0, 0)
    for front in fronts.prefix(known ?? fronts.count) {
      if sum < count { needed += 1 }
      if sum < Self.reserve * count { kept += 1 }
      sum += front.count
    }
    guard known == nil || sum >= count else {
      held = nil
      return nil
    }
    // Held trials are dropped only when there are twice as many as after a look at all.
    if sum < 2 * Self.reserve * count { kept = min(known ?? fronts.count, fronts.count) }
    held = Held(
      trials: fronts.prefix(kept).joined().sorted().map { trials[$0] },
      fronts: known == nil && kept == fronts.count ? nil : kept)
    return ParetoSelection.best(count, of: points, in: fronts.prefix(needed)).map { trials[$0] }
  }
}
