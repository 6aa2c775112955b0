import Philox
import Search
import Testing

@Suite struct ParetoFrontTests {
  /// The definition.
  private func front(_ points: [[Double]]) -> [Int] {
    points.indices.filter { index in
      !points[index].contains(where: \.isNaN)
        && !points.contains { other in
          other != points[index] && zip(other, points[index]).allSatisfy { $0 <= $1 }
        }
    }
  }

  /// The cells of the grid that all coordinates span, one by one.
  private func volume(_ points: [[Double]], _ reference: [Double]) -> Double {
    let bounds = reference.indices.map { axis in
      Set(points.map { min($0[axis], reference[axis]) } + [reference[axis]]).sorted()
    }
    func sum(_ corner: [Double], _ size: Double) -> Double {
      let axis = corner.count
      guard axis < reference.count else {
        return points.contains { zip($0, corner).allSatisfy { $0 <= $1 } } ? size : 0
      }
      return zip(bounds[axis], bounds[axis].dropFirst()).reduce(0) { total, bounds in
        total + sum(corner + [bounds.0], size * (bounds.1 - bounds.0))
      }
    }
    return sum([], 1)
  }

  /// Points on a coarse grid, so that many coordinates and some points are equal.
  private func points(_ count: Int, dimensions: Int, seed: UInt64) -> [[Double]] {
    var random = Philox(seed: seed).sequence(.search)
    return (0..<count).map { _ in
      (0..<dimensions).map { _ in Double(random.index(below: 8)) / 8 }
    }
  }

  @Test func `the front is what nothing dominates`() {
    #expect(ParetoFront.indices(of: [[1, 5], [2, 2], [3, 3], [5, 1], [5, 2]]) == [0, 1, 3])
    #expect(ParetoFront.indices(of: [[1, 1], [1, 1], [1, 2]]) == [0, 1])
    #expect(ParetoFront.indices(of: [[2], [1], [1]]) == [1, 2])
    #expect(ParetoFront.indices(of: [[.nan, 0], [3, 3], [-.infinity, .infinity]]) == [1, 2])
    #expect(ParetoFront.indices(of: [[1, 2, 3], [3, 2, 1], [3, 2, 3]]) == [0, 1])
    #expect(ParetoFront.indices(of: []) == [])
  }

  @Test func `areas and volumes by hand`() {
    #expect(ParetoFront.hypervolume(of: [[0.25], [0.5]], reference: [1]) == 0.75)
    #expect(ParetoFront.hypervolume(of: [[1, 2], [2, 1]], reference: [3, 3]) == 3)
    #expect(ParetoFront.hypervolume(of: [[1, 2], [2, 1], [2, 2]], reference: [3, 3]) == 3)
    #expect(ParetoFront.hypervolume(of: [[3, 0], [.nan, 0]], reference: [3, 3]) == 0)
    // Two boxes of 1·2·2 that share 1·1·2.
    #expect(
      ParetoFront.hypervolume(of: [[1, 0, 0], [0, 1, 0]], reference: [2, 2, 2]) == 4 + 4 - 2)
    #expect(ParetoFront.hypervolume(of: [], reference: [1, 1, 1]) == 0)
  }

  @Test(arguments: 1...4, 0..<6)
  func `fronts and volumes are those of the definition`(dimensions: Int, seed: UInt64) {
    for count in [1, 2, 7, 30] {
      let points = points(count, dimensions: dimensions, seed: seed)
      #expect(ParetoFront.indices(of: points) == front(points))
      let reference = Array(repeating: 0.75, count: dimensions)
      #expect(
        abs(
          ParetoFront.hypervolume(of: points, reference: reference) - volume(points, reference))
          < 1e-12)
    }
  }
}
