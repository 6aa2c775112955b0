/// What is best when there are several objectives, all of them better when less.
public enum ParetoFront {
  /// The points that no other point dominates: none is at most as large in every objective and less
  /// in one. Of equal points all are there; one with a NaN never is.
  ///
  /// - Parameter losses: The points, each with as many losses as the others.
  /// - Returns: Their places, in order.
  /// - Complexity: O(n log n) for two objectives, O(n · front) for more.
  public static func indices(of losses: [[Double]]) -> [Int] {
    let order = losses.indices.filter { index in
      precondition(losses[index].count == losses[0].count, "points of unlike dimension")
      return !losses[index].contains(where: \.isNaN)
    }.sorted { losses[$0].lexicographicallyPrecedes(losses[$1]) }
    // Whatever dominates a point stands before it, and so does something of the front that does.
    var front: [Int] = []
    for index in order {
      let point = losses[index]
      let isDominated =
        if point.count == 2, let last = front.last {
          // The latest of the front has the least second loss so far.
          losses[last][1] <= point[1] && losses[last] != point
        } else {
          front.contains { losses[$0] != point && zip(losses[$0], point).allSatisfy { $0 <= $1 } }
        }
      if !isDominated { front.append(index) }
    }
    return front.sorted()
  }

  /// How much of the space below a reference point the points dominate.
  ///
  /// - Parameters:
  ///   - losses: The points; those that are not below the reference add nothing.
  ///   - reference: A loss for each objective that is no longer of use.
  /// - Returns: The area, volume and so on, exact but for rounding.
  /// - Complexity: O(n log n) for two objectives, O(n² log n) for three, and so on.
  public static func hypervolume(of losses: [[Double]], reference: [Double]) -> Double {
    precondition(losses.allSatisfy { $0.count == reference.count }, "points of unlike dimension")
    return volume(
      losses.filter { zip($0, reference).allSatisfy { $0 < $1 } }, reference[...])
  }

  /// Cuts the space into slices along the last of the dimensions of the reference.
  private static func volume(_ points: [[Double]], _ reference: ArraySlice<Double>) -> Double {
    guard let end = reference.last, !points.isEmpty else { return 0 }
    let last = reference.count - 1
    if last == 0 { return end - (points.map { $0[0] }.min() ?? end) }
    let sorted = points.sorted { $0[last] < $1[last] }
    let ends = sorted.dropFirst().map { $0[last] } + [end]
    if last == 1 {
      var (area, least) = (0.0, Double.infinity)
      for (point, end) in zip(sorted, ends) {
        least = min(least, point[0])
        area += (reference[0] - least) * (end - point[1])
      }
      return area
    }
    var volume = 0.0
    for (count, end) in zip(1..., ends) where end > sorted[count - 1][last] {
      let slice = self.volume(Array(sorted[..<count]), reference.dropLast())
      volume += slice * (end - sorted[count - 1][last])
    }
    return volume
  }
}
