import Philox

/// Points of which every coordinate has one in each of as many equal parts of the line as there are
/// points.
enum LatinHypercube {
  /// The parts that the points lie in: for each coordinate, a part for each point.
  static func parts(
    count: Int, dimensions: Int, _ random: inout RandomSequence
  ) -> [[Int]] {
    (0..<dimensions).map { _ in random.permutation(of: count) }
  }

  /// A point at random in its parts.
  static func point(_ number: Int, of parts: [[Int]], _ random: inout RandomSequence) -> [Double] {
    parts.map { (Double($0[number]) + random.uniform()) / Double($0.count) }
  }
}
