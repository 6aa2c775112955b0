/// Cuts texts into tokens.
///
/// Words: the text is lower-cased; a token is a longest run of letters and apostrophes, a longest run
/// of the digits 0-9, or a single other Unicode scalar that is no space. For ASCII this is the
/// regular expression `[a-z']+|[0-9]+|[^\sa-z0-9]`; every scalar beyond ASCII with the property
/// Alphabetic is a letter. Characters: every Unicode scalar is a token.
public struct Tokenizer: Sendable {
  /// What a text is cut into.
  public let tokens: DataPlan.Tokens

  /// A tokenizer.
  public init(_ tokens: DataPlan.Tokens) { self.tokens = tokens }

  /// The tokens of a text.
  public func split(_ text: String) -> [String] {
    var found: [String] = []
    forEachToken(of: text) { found.append(String(decoding: $0, as: UTF8.self)) }
    return found
  }

  /// Calls `body` with the UTF-8 bytes of each token, which are valid during the call.
  ///
  /// - Complexity: O(bytes); ASCII is decided by a table.
  @inline(__always)
  func forEachToken(of text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    var text = text
    text.withUTF8 { forEachToken(of: $0, body) }
  }

  /// Calls `body` with the UTF-8 bytes of each token of a text that is valid UTF-8.
  @inline(__always)
  func forEachToken(
    of bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    switch tokens {
    case .words: Self.forEachWord(bytes, body)
    case .characters:
      var index = 0
      while index < bytes.count {
        let length = Self.length(of: bytes[index])
        body(UnsafeBufferPointer(rebasing: bytes[index..<index + length]))
        index += length
      }
    }
  }

  private enum Kind: UInt8 {
    case space, letter, digit, other
  }

  private static let kinds: [Kind] = (0..<128 as Range<UInt8>).map { byte in
    switch byte {
    case 9...13, 28...32: .space
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), 39: .letter
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
    default: .other
    }
  }

  /// Bytes of the scalar that begins with `lead`; the text is valid UTF-8.
  private static func length(of lead: UInt8) -> Int {
    lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }

  private static func forEachWord(
    _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    // Lower-casing never makes a scalar more than three times as long.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * bytes.count) { token in
      kinds.withUnsafeBufferPointer { kinds in
        var count = 0
        var last = Kind.space
        var index = 0
        while index < bytes.count {
          let byte = bytes[index]
          let length = length(of: byte)
          let scalar = length == 1 ? nil : scalar(bytes, index, length)
          let kind = scalar.map { Self.kind(of: $0) } ?? kinds[Int(byte)]
          if count > 0, kind != last || kind == .other {
            body(UnsafeBufferPointer(rebasing: token[..<count]))
            count = 0
          }
          last = kind
          if kind == .letter, let scalar {
            for byte in scalar.properties.lowercaseMapping.utf8 {
              token[count] = byte
              count += 1
            }
          } else if kind != .space {
            for offset in 0..<length { token[count + offset] = bytes[index + offset] }
            if kind == .letter, byte < 97, byte != 39 { token[count] = byte | 32 }
            count += length
          }
          index += length
        }
        if count > 0 { body(UnsafeBufferPointer(rebasing: token[..<count])) }
      }
    }
  }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    scalar.properties.isAlphabetic ? .letter : scalar.properties.isWhitespace ? .space : .other
  }

  private static func scalar(
    _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ length: Int
  ) -> Unicode.Scalar {
    var value = UInt32(bytes[index]) & (0xFF >> UInt32(length + 1))
    for offset in 1..<length { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }
}
