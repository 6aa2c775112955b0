import Store

/// What one worker did.
struct WorkerPart: Sendable {
  var count = 0
  var emptyClaims = 0
  var claims = Latencies()
  var finishes = Latencies()

  /// Times a claim that is granted something, and counts one that is not.
  mutating func claim(_ body: () throws -> [Claim]) rethrows -> [Claim] {
    let begin = ContinuousClock.now
    let granted = try body()
    if granted.isEmpty { emptyClaims += 1 } else { claims.add(since: begin) }
    return granted
  }

  mutating func add(_ other: WorkerPart) {
    count += other.count
    emptyClaims += other.emptyClaims
    claims.add(other.claims)
    finishes.add(other.finishes)
  }
}

/// How long calls took, in milliseconds.
struct Latencies: Sendable {
  private var all: [Double] = []

  mutating func time<R>(_ body: () throws -> R) rethrows -> R {
    let begin = ContinuousClock.now
    let result = try body()
    add(since: begin)
    return result
  }

  mutating func add(since begin: ContinuousClock.Instant) {
    all.append((.now - begin).inSeconds * 1000)
  }

  mutating func add(_ other: Latencies) { all += other.all }

  /// - Complexity: O(n log n).
  func quantile(_ share: Double) -> Double? {
    all.isEmpty ? nil : all.sorted()[min(Int(share * Double(all.count)), all.count - 1)]
  }
}
