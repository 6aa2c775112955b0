internal import FoundationEssentials

/// Sequences whose values are whole numbers from 0 to 255, a byte each: images, mostly. They may lie
/// in a file that is mapped into memory, so that all processes of a machine share one copy, which the
/// system takes back when memory is short.
public struct ByteSequences: Hashable, Sendable {
  /// All values, one sequence after the other.
  private let storage: Data
  /// Where each sequence begins; at last where the last one ends.
  private let starts: [Int]

  /// Sequences that lie one after the other.
  ///
  /// - Parameters:
  ///   - storage: All values.
  ///   - lengths: The number of values of each sequence, which together are all of `storage`.
  init(_ storage: Data, lengths: some Sequence<Int>) {
    var starts = [0]
    for length in lengths { starts.append(starts[starts.count - 1] + length) }
    precondition(starts.last == storage.count, "lengths that do not add up to the values")
    self.storage = storage
    self.starts = starts
  }

  /// Sequences of equal length, one after the other.
  ///
  /// - Parameters:
  ///   - values: All values.
  ///   - length: The number of values of each sequence, a divisor of that of all values.
  public init(_ values: [UInt8], length: Int) {
    self.init(
      Data(values), lengths: repeatElement(length, count: values.count / max(length, 1)))
  }

  /// The number of sequences.
  public var count: Int { starts.count - 1 }

  /// The number of values of a sequence.
  public func length(_ sequence: Int) -> Int { starts[sequence + 1] - starts[sequence] }

  /// Where a sequence begins among all values.
  func start(_ sequence: Int) -> Int { starts[sequence] }

  /// The values of a sequence.
  public subscript(sequence: Int) -> [UInt8] {
    self[values: starts[sequence]..<starts[sequence + 1]]
  }

  /// Some of all values.
  subscript(values range: Range<Int>) -> [UInt8] {
    storage.withUnsafeBytes { [UInt8]($0[range]) }
  }

  /// Calls `body` with some of all values, which are valid during the call.
  func withValues<Result>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// All values.
  var all: Data { storage }
}
