/// Orders points with several losses: by non-dominated rank, then by crowding distance (Deb et al.
/// 2002).
enum NonDomination {
  /// The places of points, the best first. Points that are equal in rank and distance keep the order
  /// in which they are given.
  ///
  /// - Parameter points: The losses of each point, as many each, finite; less is better.
  /// - Returns: Indices of `points`.
  static func order(_ points: [[Double]]) -> [Int] {
    fronts(points).flatMap { front in
      let distances = crowding(points, front)
      return front.indices.sorted { first, second in
        if distances[first] != distances[second] { return distances[first] > distances[second] }
        return front[first] < front[second]
      }.map { front[$0] }
    }
  }

  /// The points that no other point dominates, then those that only these dominate, and so on.
  ///
  /// - Complexity: O(n log n) for two losses; for more, up to O(n²).
  static func fronts(_ points: [[Double]]) -> [[Int]] {
    // In this order no point dominates one that comes before it, and if a point is dominated by one of
    // a front, it is also by one of each better front: the front of a point can be halved for.
    let order = points.indices.sorted { first, second in
      if points[first] != points[second] {
        return points[first].lexicographicallyPrecedes(points[second])
      }
      return first < second
    }
    var fronts: [[Int]] = []
    for point in order {
      var (low, high) = (0, fronts.count)
      while low < high {
        let middle = (low + high) / 2
        if dominates(points, fronts[middle], point) { low = middle + 1 } else { high = middle }
      }
      if low == fronts.count { fronts.append([]) }
      fronts[low].append(point)
    }
    return fronts.map { $0.sorted() }
  }

  /// Whether one of a front, which is in lexicographic order, dominates a point behind it.
  private static func dominates(_ points: [[Double]], _ front: [Int], _ point: Int) -> Bool {
    // Of two losses, the second one falls along a front: its last member has the least.
    let others = points[point].count == 2 ? front.suffix(1) : front[...]
    return others.reversed().contains { other in
      points[other] != points[point]
        && zip(points[other], points[point]).allSatisfy { $0 <= $1 }
    }
  }

  /// How far the neighbours of each point of a front are apart; infinite at its ends.
  static func crowding(_ points: [[Double]], _ front: [Int]) -> [Double] {
    var distances = front.map { _ in 0.0 }
    for objective in points[front[0]].indices {
      let order = front.indices.sorted { first, second in
        let (one, other) = (points[front[first]][objective], points[front[second]][objective])
        return one != other ? one < other : front[first] < front[second]
      }
      func loss(_ place: Int) -> Double { points[front[order[place]]][objective] }
      let last = order.count - 1
      distances[order[0]] = .infinity
      distances[order[last]] = .infinity
      let width = loss(last) - loss(0)
      guard width > 0, last > 1 else { continue }
      for place in 1..<last {
        distances[order[place]] += (loss(place + 1) - loss(place - 1)) / width
      }
    }
    return distances
  }
}
