import Philox

/// Points that fill a cube evenly (Sobol 1967), each coordinate shuffled as Owen (1995) does it.
///
/// A coordinate's bits are flipped one after the other, each by a random bit that depends on all the
/// bits before it. So the points stay as even as they were, but their errors average out over seeds.
/// The random bits are counter-based: a point needs nothing but its number.
struct SobolSequence: Sendable {
  /// How many coordinates there are directions for.
  static let limit = initialDirections.count + 1

  private let directions: [[UInt32]]
  private let scrambles: [Philox]

  /// The points of a cube of so many dimensions.
  ///
  /// - Precondition: There are directions for as many.
  init(dimensions: Int, seed: UInt64) {
    precondition(dimensions <= Self.limit, "no directions for \(dimensions) dimensions")
    directions = (0..<dimensions).map(Self.directions(of:))
    scrambles = (0..<dimensions).map { Philox(seed: seed, trial: UInt32($0 + 1)) }
  }

  /// One coordinate of a point: above 0 and below 1, with 32 bits.
  func coordinate(_ dimension: Int, of point: UInt32) -> Double {
    var plain: UInt32 = 0
    for bit in 0..<32 where point >> UInt32(bit) & 1 == 1 {
      plain ^= directions[dimension][bit]
    }
    var scrambled = plain
    for bit in 0..<32 {
      let before = bit == 0 ? 0 : plain >> UInt32(32 - bit)
      let words = scrambles[dimension].block(.search, step: UInt32(bit), index: before)
      scrambled ^= (words[0] & 1) << UInt32(31 - bit)
    }
    return (Double(scrambled) + 0.5) * 0x1p-32
  }
}

// MARK: - Direction numbers

extension SobolSequence {
  /// What bit k of a point's number adds to a coordinate.
  private static func directions(of dimension: Int) -> [UInt32] {
    guard dimension > 0 else { return (0..<32).map { 0x8000_0000 >> UInt32($0) } }
    let (polynomial, initial) = initialDirections[dimension - 1]
    let degree = initial.count
    var directions = initial.enumerated().map { $1 << UInt32(31 - $0) }
    for bit in degree..<32 {
      var next = directions[bit - degree] ^ directions[bit - degree] >> UInt32(degree)
      for power in 1..<degree where polynomial >> UInt32(degree - power) & 1 == 1 {
        next ^= directions[bit - power]
      }
      directions.append(next)
    }
    return directions
  }

  /// For each dimension behind the first, a primitive polynomial (its coefficients as bits) and as
  /// many odd numbers as its degree: Joe and Kuo, "Constructing Sobol sequences with better
  /// two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), the set new-joe-kuo-6.
  private static let initialDirections: [(polynomial: UInt32, initial: [UInt32])] = [
    (3, [1]), (7, [1, 3]), (11, [1, 3, 1]), (13, [1, 1, 1]), (19, [1, 1, 3, 3]),
    (25, [1, 3, 5, 13]), (37, [1, 1, 5, 5, 17]), (41, [1, 1, 5, 5, 5]), (47, [1, 1, 7, 11, 19]),
    (55, [1, 1, 5, 1, 1]), (59, [1, 1, 1, 3, 11]), (61, [1, 3, 5, 5, 31]),
    (67, [1, 3, 3, 9, 7, 49]), (91, [1, 1, 1, 15, 21, 21]), (97, [1, 3, 1, 13, 27, 49]),
    (103, [1, 1, 1, 15, 7, 5]), (109, [1, 3, 1, 15, 13, 25]), (115, [1, 1, 5, 5, 19, 61]),
    (131, [1, 3, 7, 11, 23, 15, 103]), (137, [1, 3, 7, 13, 13, 15, 69]),
    (143, [1, 1, 3, 13, 7, 35, 63]), (145, [1, 3, 5, 9, 1, 25, 53]),
    (157, [1, 3, 1, 13, 9, 35, 107]), (167, [1, 3, 1, 5, 27, 61, 31]),
    (171, [1, 1, 5, 11, 19, 41, 61]), (185, [1, 3, 5, 3, 3, 13, 69]),
    (191, [1, 1, 7, 13, 1, 19, 1]), (193, [1, 3, 7, 5, 13, 19, 59]),
    (203, [1, 1, 3, 9, 25, 29, 41]), (211, [1, 3, 5, 13, 23, 1, 55]),
    (213, [1, 3, 7, 3, 13, 59, 17]), (229, [1, 3, 1, 3, 5, 53, 69]),
    (239, [1, 1, 5, 5, 23, 33, 13]), (241, [1, 1, 7, 7, 1, 61, 123]),
    (247, [1, 1, 7, 9, 13, 61, 49]), (253, [1, 3, 3, 5, 3, 55, 33]),
    (285, [1, 3, 1, 15, 31, 13, 49, 245]), (299, [1, 3, 5, 15, 31, 59, 63, 97]),
    (301, [1, 3, 1, 11, 11, 11, 77, 249]), (333, [1, 3, 1, 11, 27, 43, 71, 9]),
    (351, [1, 1, 7, 15, 21, 11, 81, 45]), (355, [1, 3, 7, 3, 25, 31, 65, 79]),
    (357, [1, 3, 1, 1, 19, 11, 3, 205]), (361, [1, 1, 5, 9, 19, 21, 29, 157]),
    (369, [1, 3, 7, 11, 1, 33, 89, 185]), (391, [1, 3, 3, 3, 15, 9, 79, 71]),
    (397, [1, 3, 7, 11, 15, 39, 119, 27]),
  ]
}
