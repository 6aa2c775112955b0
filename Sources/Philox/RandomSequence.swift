/// The random numbers of one stream and step, in order.
public struct RandomSequence: RandomNumberGenerator, Sendable {
  private let philox: Philox
  private let stream: RandomStream
  private let step: UInt32
  private var index: UInt32 = 0
  private var words = SIMD4<UInt32>()
  private var used = 4

  init(philox: Philox, stream: RandomStream, step: UInt32) {
    self.philox = philox
    self.stream = stream
    self.step = step
  }

  /// The next random word of 32 bits.
  ///
  /// - Precondition: Fewer than 2^34 words have been drawn.
  public mutating func nextWord() -> UInt32 {
    if used == 4 {
      words = philox.block(stream, step: step, index: index)
      index += 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let high = UInt64(nextWord())
    return high << 32 | UInt64(nextWord())
  }

  /// A number from 0 up to, but not including, 1, with 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// An integer from 0 up to, but not including, `bound`, without bias (Lemire 2019).
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0, "no integer is below \(bound) and not negative")
    return Int(next(upperBound: UInt64(bound)))
  }

  /// A permutation of 0..<count (Fisher and Yates).
  ///
  /// - Complexity: O(count).
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    shuffle(&order)
    return order
  }

  /// Shuffles in place (Fisher and Yates).
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, index(below: last + 1))
    }
  }
}
