internal import FoundationEssentials

/// Indices of tokens, each in as few bytes as the number of different ones allows: one up to 256, two up
/// to 65,536, else four.
public struct CompactIndices: RandomAccessCollection, Sendable {
  private let width: Int
  private let bytes: Data
  /// How many of the indices are skipped at the start.
  private var skipped = 0

  /// No indices.
  package init() { (width, bytes) = (1, Data()) }

  /// The indices that were written.
  package init(_ writer: Writer) { (width, bytes) = (writer.width, writer.bytes.finish()) }

  /// The first index.
  public var startIndex: Int { 0 }
  /// The index after the last.
  public var endIndex: Int { bytes.count / width }

  /// The memory that they take.
  package var byteCount: Int { bytes.count }

  /// The same indices in the same memory, each in the place of the one before it; in the last place there
  /// is none, -1.
  package var following: CompactIndices {
    var following = self
    following.skipped += 1
    return following
  }

  /// An index, or -1 where there is none.
  public subscript(place: Int) -> Int32 { self[range: place..<place + 1][0] }

  /// Some of the indices.
  package subscript(range places: Range<Int>) -> [Int32] {
    precondition(places.lowerBound >= 0 && places.upperBound <= endIndex, "no indices \(places)")
    return [Int32](unsafeUninitializedCapacity: places.count) { indices, count in
      bytes.withUnsafeBytes { raw in
        for place in places {
          let source = (place + skipped) * width
          var index: Int32 = -1
          if source < raw.count {
            switch width {
            case 1: index = Int32(raw[source])
            case 2: index = Int32(raw.loadUnaligned(fromByteOffset: source, as: UInt16.self))
            default: index = raw.loadUnaligned(fromByteOffset: source, as: Int32.self)
            }
          }
          indices.initializeElement(at: count, to: index)
          count += 1
        }
      }
    }
  }

  /// Takes indices one after the other.
  package struct Writer {
    fileprivate let width: Int
    fileprivate let bytes: NumberWriter<UInt8>

    /// - Parameters:
    ///   - limit: All indices will be below it.
    ///   - capacity: How many there will be at most.
    package init(below limit: Int, capacity: Int) {
      width = limit <= 1 << 8 ? 1 : limit <= 1 << 16 ? 2 : 4
      bytes = NumberWriter(capacity: capacity * width)
    }

    /// How many indices there are.
    package var count: Int { bytes.count / width }

    /// Appends an index.
    ///
    /// - Precondition: It is below the limit, and there is room for it.
    package func append(_ index: Int32) {
      var rest = UInt32(bitPattern: index)
      for _ in 0..<width {
        bytes.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
    }

    /// Appends indices.
    package func append(contentsOf indices: some Sequence<Int32>) {
      for index in indices { append(index) }
    }
  }
}
