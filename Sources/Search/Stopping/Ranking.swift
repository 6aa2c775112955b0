/// The trials that stand at a rung, the best first, and which of them were promoted.
///
/// Trials with one loss are ordered by it, those with several by ``NonDomination``; what is equal, by
/// the number of the trial.
struct Ranking: Sendable {
  /// A trial and its losses.
  struct Entry: Hashable, Sendable {
    /// The number of the trial.
    let trial: Int
    /// Its losses.
    let losses: [Double]
    /// Whether it went on from this rung.
    fileprivate(set) var isPromoted = false

    /// A trial that waits.
    init(trial: Int, losses: [Double]) {
      self.trial = trial
      self.losses = losses
    }
  }

  private var entries: [Entry] = []
  private var lossesByTrial: [Int: [Double]] = [:]
  /// The place of the best trial that was not promoted; the end if there is none.
  private var firstWaiting = 0
  // With several losses, one trial more can move all others: the order is made when it is asked for.
  private var isOrdered = true

  /// How many trials there are.
  var count: Int { entries.count }

  /// The losses of a trial; nil if it is not here.
  func losses(of trial: Int) -> [Double]? { lossesByTrial[trial] }

  /// Adds a trial.
  ///
  /// - Complexity: O(log n), and moving what is behind it, for one loss; O(1) for several.
  /// - Precondition: It is not here yet; its losses are finite and as many as the others have.
  mutating func insert(trial: Int, losses: [Double]) {
    precondition(!losses.isEmpty && losses.allSatisfy(\.isFinite), "trial \(trial) has no losses")
    precondition(lossesByTrial.updateValue(losses, forKey: trial) == nil, "trial \(trial) is here")
    let entry = Entry(trial: trial, losses: losses)
    guard losses.count == 1 else {
      entries.append(entry)
      isOrdered = false
      return
    }
    let place = self.place(losses[0], trial)
    entries.insert(entry, at: place)
    // It waits: either it is the first one that does, or the first one keeps its place before it.
    firstWaiting = min(firstWaiting, place)
  }

  /// Takes a trial away; one that is not here leaves all as it is.
  mutating func remove(trial: Int) {
    guard let place = place(of: trial) else { return }
    entries.remove(at: place)
    lossesByTrial[trial] = nil
    if entries.first?.losses.count ?? 1 > 1 { isOrdered = false }
    if place < firstWaiting { firstWaiting -= 1 }
    skipPromoted()
  }

  /// The place of a trial, counted from 0; nil if it is not here.
  mutating func place(of trial: Int) -> Int? {
    guard let losses = lossesByTrial[trial] else { return nil }
    order()
    return losses.count == 1
      ? place(losses[0], trial) : entries.firstIndex { $0.trial == trial }
  }

  /// The trial at a place.
  mutating func entry(at place: Int) -> Entry {
    order()
    return entries[place]
  }

  /// The place of the best trial that was not promoted; nil if all were.
  mutating func bestWaiting() -> Int? {
    order()
    return firstWaiting < entries.count ? firstWaiting : nil
  }

  /// Notes that the trial at a place goes on.
  mutating func promote(at place: Int) {
    order()
    entries[place].isPromoted = true
    skipPromoted()
  }

  private mutating func skipPromoted() {
    while firstWaiting < entries.count, entries[firstWaiting].isPromoted { firstWaiting += 1 }
  }

  /// Where a trial with one loss stands, or would stand.
  private func place(_ loss: Double, _ trial: Int) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      let other = entries[middle]
      let isBehind =
        other.losses[0] < loss || (other.losses[0] == loss && other.trial < trial)
      if isBehind { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func order() {
    guard !isOrdered else { return }
    let sorted = entries.sorted { $0.trial < $1.trial }
    entries = NonDomination.order(sorted.map(\.losses)).map { sorted[$0] }
    isOrdered = true
    firstWaiting = 0
    skipPromoted()
  }
}
