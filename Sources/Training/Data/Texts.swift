package import FoundationEssentials

/// Texts that lie one after the other as UTF-8. They may lie in a file that is mapped into memory: a text
/// becomes a string only while somebody looks at it, and all processes of a machine share one copy, which
/// the system takes back when memory is short.
public struct Texts: Hashable, Sendable, RandomAccessCollection {
  /// All texts.
  private let storage: Data
  /// Where each text begins; at last where the last one ends.
  private let starts: [Int]

  /// Texts in memory of their own.
  public init(_ texts: some Sequence<String>) {
    var (storage, starts) = (Data(), [0])
    for text in texts {
      storage.append(contentsOf: text.utf8)
      starts.append(storage.count)
    }
    (self.storage, self.starts) = (storage, starts)
  }

  /// Texts that lie one after the other; nil if one of them is not UTF-8.
  ///
  /// - Parameters:
  ///   - storage: All texts.
  ///   - lengths: The bytes of each text, which together are all of `storage`.
  package init?(validating storage: Data, lengths: some Sequence<Int>) {
    self.init(of: storage, lengths: Array(lengths))
    let areTexts = indices.allSatisfy { text in
      withBytes(text) { (try? UTF8Span(validating: $0.span)) != nil }
    }
    guard areTexts else { return nil }
  }

  /// Texts that lie one after the other and are known to be UTF-8.
  init(of storage: Data, lengths: [Int]) {
    var starts = [0]
    for length in lengths { starts.append(starts[starts.count - 1] + length) }
    precondition(starts.last == storage.count, "lengths that do not add up to the texts")
    (self.storage, self.starts) = (storage, starts)
  }

  /// The first index.
  public var startIndex: Int { 0 }
  /// The index after the last.
  public var endIndex: Int { starts.count - 1 }

  /// A text.
  public subscript(text: Int) -> String {
    withBytes(text) { String(decoding: $0, as: UTF8.self) }
  }

  /// Calls `body` with the UTF-8 of a text, which is valid during the call.
  package func withBytes<Result>(
    _ text: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    storage.withUnsafeBytes { raw in
      raw.withMemoryRebound(to: UInt8.self) { bytes in
        body(UnsafeBufferPointer(rebasing: bytes[starts[text]..<starts[text + 1]]))
      }
    }
  }

  /// The bytes of each text.
  var byteCounts: [Int] { indices.map { starts[$0 + 1] - starts[$0] } }

  /// The Unicode scalars of a text.
  package func scalarCount(_ text: Int) -> Int {
    // Every byte but those that continue a scalar begins one.
    withBytes(text) { bytes in bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }
  }

  /// All texts.
  var all: Data { storage }
}

extension Dataset.Inputs {
  /// Texts, which a plan makes into words or characters.
  public static func texts(_ texts: [String]) -> Dataset.Inputs { .texts(Texts(texts)) }
}
