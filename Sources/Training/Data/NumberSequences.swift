internal import FoundationEssentials

#if _endian(big)
  #error("a file of numbers is mapped as it is, and has the least significant byte first")
#endif

/// Sequences of numbers. They may lie in a file that is mapped into memory, so that all processes of a
/// machine share one copy, which the system takes back when memory is short.
public struct NumberSequences<Number: BitwiseCopyable & Hashable & Sendable>: Hashable, Sendable,
  RandomAccessCollection
{
  /// All numbers as memory has them, one sequence after the other, at any address.
  private let storage: Data
  /// Where each sequence begins, counted in numbers; at last where the last one ends.
  private let starts: [Int]

  /// Sequences that lie one after the other.
  ///
  /// - Parameters:
  ///   - storage: All numbers.
  ///   - lengths: How many numbers each sequence has, which together are all of `storage`.
  init(_ storage: Data, lengths: some Sequence<Int>) {
    var starts = [0]
    for length in lengths { starts.append(starts[starts.count - 1] + length) }
    precondition(
      starts[starts.count - 1] * Self.width == storage.count,
      "lengths that do not add up to the values")
    self.storage = storage
    self.starts = starts
  }

  /// Sequences in memory of their own.
  public init(_ sequences: some Collection<[Number]>) {
    var storage = Data()
    storage.reserveCapacity(sequences.reduce(0) { $0 + $1.count } * Self.width)
    for sequence in sequences { sequence.withUnsafeBytes { storage.append(contentsOf: $0) } }
    self.init(storage, lengths: sequences.lazy.map(\.count))
  }

  /// Sequences of equal length, one after the other.
  ///
  /// - Parameters:
  ///   - values: All values.
  ///   - length: How many numbers each sequence has, a divisor of that of all values.
  public init(_ values: [Number], length: Int) {
    self.init(
      values.withUnsafeBytes { Data($0) },
      lengths: repeatElement(length, count: values.count / Swift.max(length, 1)))
  }

  /// The bytes of a number.
  private static var width: Int { MemoryLayout<Number>.size }

  /// The first index.
  public var startIndex: Int { 0 }
  /// The index after the last.
  public var endIndex: Int { starts.count - 1 }

  /// How many numbers a sequence has.
  public func length(_ sequence: Int) -> Int { starts[sequence + 1] - starts[sequence] }

  /// How many numbers each sequence has.
  var lengths: [Int] { indices.map { length($0) } }

  /// Whether all sequences consist of steps of so many numbers.
  func areWhole(steps width: Int) -> Bool { starts.allSatisfy { $0 % width == 0 } }

  /// Where a sequence begins among all numbers.
  func start(_ sequence: Int) -> Int { starts[sequence] }

  /// A sequence.
  public subscript(sequence: Int) -> [Number] {
    self[values: starts[sequence]..<starts[sequence + 1]]
  }

  /// Some of all numbers.
  subscript(values range: Range<Int>) -> [Number] {
    [Number](unsafeUninitializedCapacity: range.count) { numbers, count in
      withBytes(range) { UnsafeMutableRawBufferPointer(numbers).copyMemory(from: $0) }
      count = range.count
    }
  }

  /// One of all numbers.
  subscript(value place: Int) -> Number {
    withBytes(place..<place + 1) { $0.loadUnaligned(as: Number.self) }
  }

  /// Calls `body` with the bytes of some of all numbers, which are valid during the call.
  func withBytes<Result>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    storage.withUnsafeBytes {
      body(
        UnsafeRawBufferPointer(
          rebasing: $0[range.lowerBound * Self.width..<range.upperBound * Self.width]))
    }
  }

  /// The place of the first number of a sequence that is at least as large; its length, if none is.
  ///
  /// - Precondition: The numbers rise.
  func firstPlace(in sequence: Int, from least: Number) -> Int where Number: Comparable {
    var (low, high) = (0, length(sequence))
    while low < high {
      let middle = (low + high) / 2
      if self[value: starts[sequence] + middle] < least { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether the numbers of each sequence rise.
  func areRising() -> Bool where Number: Comparable {
    indices.allSatisfy { sequence in
      withBytes(starts[sequence]..<starts[sequence + 1]) { bytes in
        stride(from: Self.width, to: bytes.count, by: Self.width).allSatisfy { place in
          bytes.loadUnaligned(fromByteOffset: place - Self.width, as: Number.self)
            < bytes.loadUnaligned(fromByteOffset: place, as: Number.self)
        }
      }
    }
  }

  /// Whether two sequences have the same numbers.
  func areSame(_ one: Int, _ other: Int) -> Bool {
    guard length(one) == length(other) else { return false }
    return withBytes(starts[one]..<starts[one + 1]) { left in
      withBytes(starts[other]..<starts[other + 1]) { right in
        stride(from: 0, to: left.count, by: Self.width).allSatisfy { place in
          left.loadUnaligned(fromByteOffset: place, as: Number.self)
            == right.loadUnaligned(fromByteOffset: place, as: Number.self)
        }
      }
    }
  }

  /// A hash of the numbers of a sequence.
  func hashValue(of sequence: Int) -> Int {
    var hasher = Hasher()
    withBytes(starts[sequence]..<starts[sequence + 1]) { bytes in
      for place in stride(from: 0, to: bytes.count, by: Self.width) {
        hasher.combine(bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
      }
    }
    return hasher.finalize()
  }

  /// The same sequences of other numbers.
  func mapped(_ transform: (Number) -> Number) -> Self {
    let total = starts[count]
    let numbers = NumberWriter<Number>(capacity: total)
    // Piece by piece: a sequence may be larger than the memory is.
    let piece = 1 << 16
    for start in stride(from: 0, to: total, by: piece) {
      let end = Swift.min(start + piece, total)
      numbers.append(contentsOf: self[values: start..<end].map(transform))
    }
    return NumberSequences(numbers.finish(), lengths: lengths)
  }

  /// All numbers.
  var all: Data { storage }
}

extension NumberSequences: ExpressibleByArrayLiteral {
  /// Sequences in memory of their own.
  public init(arrayLiteral sequences: [Number]...) { self.init(sequences) }
}

/// Sequences whose values are whole numbers from 0 to 255, a byte each: images, mostly.
public typealias ByteSequences = NumberSequences<UInt8>

extension Dataset.Inputs {
  /// Sequences over the symbols 0..<alphabet in memory.
  public static func symbols(_ sequences: [[Int32]], alphabet: Int) -> Dataset.Inputs {
    .symbols(NumberSequences(sequences), alphabet: alphabet)
  }

  /// Numeric sequences in memory: the values of a step lie together, `channels.count` a step.
  public static func values(_ sequences: [[Float]], channels: [String]) -> Dataset.Inputs {
    .values(NumberSequences(sequences), channels: channels)
  }
}

extension Dataset.Targets {
  /// A class for each step, -1 where none is asked, in memory.
  public static func steps(_ sequences: [[Int32]], classes: Int) -> Dataset.Targets {
    .steps(NumberSequences(sequences), classes: classes)
  }
}
