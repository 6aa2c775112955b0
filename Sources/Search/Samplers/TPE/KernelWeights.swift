/// What each of a row of trials weighs, oldest first: the latest 25 weigh 1, those before them rise
/// from 1/n to 1 at equal distances.
struct KernelWeights: Hashable, Sendable {
  /// How many trials there are.
  let count: Int
  /// The sum of all weights.
  let total: Double

  private let rising: Int
  private let first: Double
  private let increment: Double

  /// The weights of some trials.
  ///
  /// - Parameters:
  ///   - count: How many there are.
  ///   - isFlat: Whether all weigh 1, however old they are.
  init(count: Int, isFlat: Bool = false) {
    self.count = count
    rising = isFlat ? 0 : max(0, count - 25)
    first = 1 / Double(max(1, count))
    increment = rising > 1 ? (1 - first) / Double(rising - 1) : 0
    let ramp = rising == 1 ? first : Double(rising) * (first + 1) / 2
    total = ramp + Double(count - rising)
  }

  /// The weight of the trial at a place.
  @inline(__always)
  subscript(place: Int) -> Double {
    place < rising ? first + Double(place) * increment : 1
  }
}
