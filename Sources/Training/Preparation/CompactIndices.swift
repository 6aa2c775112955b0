/// Indices of tokens, each in as few bytes as the number of different ones allows: one up to 256, two up
/// to 65,536, else four.
public struct CompactIndices: RandomAccessCollection, Sendable {
  private let width: Int
  private var bytes: [UInt8] = []
  /// How many of the indices are skipped at the start.
  private var skipped = 0

  /// No indices yet.
  ///
  /// - Parameters:
  ///   - limit: All indices will be below it.
  ///   - capacity: How many there will be, if that is known: memory for just so many is taken.
  package init(below limit: Int, capacity: Int = 0) {
    width = limit <= 1 << 8 ? 1 : limit <= 1 << 16 ? 2 : 4
    bytes.reserveCapacity(capacity * width)
  }

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

  /// Appends an index.
  ///
  /// - Precondition: It is below the limit, and nothing is skipped.
  package mutating func append(_ index: Int32) {
    switch width {
    case 1: bytes.append(UInt8(index))
    case 2: withUnsafeBytes(of: UInt16(index)) { bytes.append(contentsOf: $0) }
    default: withUnsafeBytes(of: index) { bytes.append(contentsOf: $0) }
    }
  }

  /// Appends indices.
  package mutating func append(contentsOf indices: some Sequence<Int32>) {
    for index in indices { append(index) }
  }
}
