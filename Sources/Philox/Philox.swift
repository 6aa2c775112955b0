/// What random numbers are drawn for. Each purpose has a stream of its own, so that more draws in
/// one never move the numbers of another. The values are part of every stored result: only append.
public enum RandomStream: UInt32, Sendable {
  /// Initial weights.
  case initialization = 1
  /// The order of the training examples in an epoch.
  case shuffle = 2
  /// Masks of dropout.
  case dropout = 3
  /// Which examples are held out.
  case split = 4
  /// Synthetic data.
  case generator = 5
  /// Hyperparameters of a trial.
  case search = 6
  /// Text that a language model writes.
  case generation = 9
}

/// Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011): a keyed
/// bijection from counters to random words.
///
/// There is no state to save: the words of (seed, trial, stream, step) are the same whenever and
/// wherever they are asked for, which makes a resumed trial equal to an undisturbed one.
public struct Philox: Hashable, Sendable {
  /// The key: two words.
  public var key: (UInt32, UInt32) { (low, high) }
  private let low: UInt32
  private let high: UInt32
  /// The number of the trial.
  public let trial: UInt32

  /// The numbers of one trial of one sweep.
  ///
  /// - Parameters:
  ///   - seed: The seed of the sweep.
  ///   - trial: The number of the trial within its sweep; 0 for what all trials share.
  public init(seed: UInt64, trial: UInt32 = 0) {
    low = UInt32(truncatingIfNeeded: seed)
    high = UInt32(truncatingIfNeeded: seed >> 32)
    self.trial = trial
  }

  /// The sequence of random numbers that belongs to a stream and a step.
  public func sequence(_ stream: RandomStream, step: UInt32 = 0) -> RandomSequence {
    RandomSequence(philox: self, stream: stream, step: step)
  }

  /// Four random words for block `index` of a stream and a step.
  ///
  /// - Complexity: Ten rounds of two 32-bit products.
  @inlinable
  public func block(_ stream: RandomStream, step: UInt32, index: UInt32) -> SIMD4<UInt32> {
    block(SIMD4(index, step, trial, stream.rawValue))
  }

  /// The bijection itself, from a counter to four random words.
  @inlinable
  public func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var words = counter
    var (key0, key1) = key
    for round in 0..<10 {
      if round > 0 {
        key0 &+= 0x9E37_79B9
        key1 &+= 0xBB67_AE85
      }
      let first = (0xD251_1F53 as UInt32).multipliedFullWidth(by: words[0])
      let second = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: words[2])
      words = SIMD4(
        second.high ^ words[1] ^ key0, second.low, first.high ^ words[3] ^ key1, first.low)
    }
    return words
  }
}
