internal import FoundationEssentials

/// A column of whole numbers, one for each sequence. Many of them lie where the system can take their memory
/// back.
public struct IndexColumn: RandomAccessCollection, Hashable, Sendable {
  private let numbers: Data

  init(_ writer: NumberWriter<Int>) { numbers = writer.finish() }

  init(_ numbers: some Collection<Int>) {
    let writer = NumberWriter<Int>(capacity: numbers.count)
    for number in numbers { writer.append(number) }
    self.init(writer)
  }

  /// The first index.
  public var startIndex: Int { 0 }
  /// The index after the last.
  public var endIndex: Int { numbers.count / MemoryLayout<Int>.size }

  /// A number.
  public subscript(place: Int) -> Int {
    numbers.withUnsafeBytes { bytes in
      bytes.loadUnaligned(fromByteOffset: place * MemoryLayout<Int>.size, as: Int.self)
    }
  }
}

extension IndexColumn: ExpressibleByArrayLiteral {
  /// Numbers in memory.
  public init(arrayLiteral numbers: Int...) { self.init(numbers) }
}
