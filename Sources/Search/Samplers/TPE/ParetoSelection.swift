/// Chooses the best of points with several losses: whole fronts of points that no other dominates,
/// and of the last front those that together dominate the largest volume.
enum ParetoSelection {
  /// The places of the best points, in no order.
  ///
  /// - Parameters:
  ///   - count: How many to choose.
  ///   - losses: The points; less is better.
  /// - Returns: Their places.
  static func best(_ count: Int, of losses: [[Double]]) -> [Int] {
    best(count, of: losses, in: fronts(of: losses)[...])
  }

  /// The same, given the fronts, as many as are needed.
  static func best(
    _ count: Int, of losses: [[Double]], in fronts: ArraySlice<[Int]>
  ) -> [Int] {
    var chosen: [Int] = []
    for front in fronts {
      let rest = count - chosen.count
      if front.count > rest {
        let points = front.map { losses[$0] }
        return chosen + widest(rest, of: points).map { front[$0] }
      }
      chosen += front
    }
    return chosen
  }

  /// The places of the points that none dominates, then of those that only these dominate, and so on;
  /// each front in the order of the places.
  ///
  /// - Complexity: O(n log n) for two losses, O(n²) for more.
  static func fronts(of losses: [[Double]]) -> [[Int]] {
    if losses.first?.count == 2 { return frontsInPlane(losses) }
    // In this order a point is dominated only by one before it. Fronts are searched by halves: what a
    // point of one front dominates, one of each front before dominates as well.
    let order = losses.indices.sorted { losses[$0].lexicographicallyPrecedes(losses[$1]) }
    var fronts: [[Int]] = []
    for place in order {
      let front = fronts.firstPlace { members in
        !members.reversed().contains { dominates(losses[$0], losses[place]) }
      }
      if front == fronts.count { fronts.append([]) }
      fronts[front].append(place)
    }
    return fronts.map { $0.sorted() }
  }

  // The same for two losses, where the last member of a front has the least second one.
  private static func frontsInPlane(_ losses: [[Double]]) -> [[Int]] {
    var points = losses.indices.map { (losses[$0][0], losses[$0][1], $0) }
    points.sort { $0 < $1 }
    var fronts: [[Int]] = []
    var last: [(Double, Double)] = []
    for (first, second, place) in points {
      let front = last.firstPlace { $0.1 > second || ($0.1 == second && $0.0 == first) }
      if front == fronts.count {
        fronts.append([])
        last.append((first, second))
      }
      fronts[front].append(place)
      last[front] = (first, second)
    }
    return fronts.map { $0.sorted() }
  }

  /// Whether a point is nowhere worse than another, and somewhere better.
  static func dominates(_ point: [Double], _ other: [Double]) -> Bool {
    var isBetter = false
    for (loss, otherLoss) in zip(point, other) {
      if loss > otherLoss { return false }
      isBetter = isBetter || loss < otherLoss
    }
    return isBetter
  }

  // MARK: The largest volume

  /// The places of points that together dominate a large volume, each chosen for what it adds to
  /// those before it: at least 1 − 1/e of the largest volume that as many points can dominate.
  static func widest(_ count: Int, of points: [[Double]]) -> [Int] {
    guard count < points.count, let first = points.first else { return Array(points.indices) }
    let reference = first.indices.map { objective in
      let worst = points.reduce(-.infinity) { max($0, $1[objective]) }
      let beyond = max(1.1 * worst, 0.9 * worst)
      return beyond == 0 ? 1e-12 : beyond
    }
    guard reference.allSatisfy(\.isFinite) else { return Array(points.indices.prefix(count)) }
    return first.count == 2
      ? widestInPlane(count, points, reference) : widestInSpace(count, points, reference)
  }

  // What a point of a front adds in two dimensions is one rectangle, between its neighbours among the
  // chosen. A chosen point moves the corners of the others.
  private static func widestInPlane(
    _ count: Int, _ points: [[Double]], _ reference: [Double]
  ) -> [Int] {
    var rest = points.indices.sorted { points[$0].lexicographicallyPrecedes(points[$1]) }
    var corners = rest.map { _ in (reference[0], reference[1]) }
    var chosen: [Int] = []
    while chosen.count < count {
      func area(_ rank: Int) -> Double {
        (corners[rank].0 - points[rest[rank]][0]) * (corners[rank].1 - points[rest[rank]][1])
      }
      var best = 0
      for rank in rest.indices where area(rank) > area(best) { best = rank }
      let point = points[rest[best]]
      chosen.append(rest.remove(at: best))
      corners.remove(at: best)
      for rank in rest.indices {
        if rank < best {
          corners[rank].0 = min(corners[rank].0, point[0])
        } else {
          corners[rank].1 = min(corners[rank].1, point[1])
        }
      }
    }
    return chosen
  }

  private static func widestInSpace(
    _ count: Int, _ points: [[Double]], _ reference: [Double]
  ) -> [Int] {
    var added = points.map { volume(of: [$0], below: reference) }
    var rest = Set(points.indices)
    var chosen: [Int] = []
    while chosen.count < count {
      // What a point adds only shrinks while others are chosen: an old number is an upper bound.
      var best: Int?
      for place in rest.sorted(by: { (added[$1], $0) < (added[$0], $1) }) {
        if let best, added[place] <= added[best] { break }
        if !chosen.isEmpty {
          let shared = chosen.map { zip(points[$0], points[place]).map(max) }
          added[place] =
            volume(of: [points[place]], below: reference) - volume(of: shared, below: reference)
        }
        if added[place] > best.map({ added[$0] }) ?? -.infinity { best = place }
      }
      guard let best else { break }
      chosen.append(best)
      rest.remove(best)
    }
    return chosen
  }

  /// The volume of all that some points dominate, up to a reference point.
  static func volume(of points: [[Double]], below reference: [Double]) -> Double {
    guard let last = reference.indices.last, !points.isEmpty else { return 0 }
    if last == 0 { return max(0, reference[0] - points.reduce(.infinity) { min($0, $1[0]) }) }
    // Slices along the last loss: between two points, those with less of it dominate.
    let sorted = points.sorted { $0[last] < $1[last] }
    var volume = 0.0
    for (index, point) in sorted.enumerated() {
      let end =
        index + 1 < sorted.count ? min(sorted[index + 1][last], reference[last]) : reference[last]
      guard end > point[last] else { continue }
      let slice = sorted[...index].map { Array($0[..<last]) }
      volume += (end - point[last]) * Self.volume(of: slice, below: Array(reference[..<last]))
    }
    return volume
  }
}
