/// Tokens and their indices: 0 is unused (PyTorch's padding), 1 stands for every unknown token, the
/// others follow by falling count, equal counts by their bytes.
public struct Vocabulary: Hashable, Sendable, Codable {
  /// The tokens by index; the first two are `<pad>` and `<unk>`.
  public let tokens: [String]

  /// The index of every token that is not in the vocabulary.
  public static let unknown: Int32 = 1
  static let special = ["<pad>", "<unk>"]

  init(words: [String]) { tokens = Self.special + words }

  /// The number of indices.
  public var count: Int { tokens.count }
}

/// Gives each distinct run of bytes a number, in the order of appearance.
///
/// A hash table of its own because a dictionary of strings costs five times as much, and tokenizing
/// is most of the time between the start of a worker and its first batch.
struct TokenTable {
  private var slots: [Int32]
  private var hashes: [UInt32] = []
  private var starts: [Int] = [0]
  private var arena: [UInt8] = []

  init(capacity: Int = 1 << 12) {
    slots = [Int32](repeating: -1, count: capacity)
  }

  var count: Int { hashes.count }

  func bytes(of token: Int) -> ArraySlice<UInt8> { arena[starts[token]..<starts[token + 1]] }

  func text(of token: Int) -> String { String(decoding: bytes(of: token), as: UTF8.self) }

  /// The number of a token, or nil if it has none.
  func index(of token: UnsafeBufferPointer<UInt8>) -> Int32? {
    let found = slots[slot(of: token, Self.hash(token))]
    return found < 0 ? nil : found
  }

  /// The number of a token; a new one if it has none yet.
  mutating func insert(_ token: UnsafeBufferPointer<UInt8>) -> Int32 {
    let hash = Self.hash(token)
    let slot = slot(of: token, hash)
    if slots[slot] >= 0 { return slots[slot] }
    let number = Int32(hashes.count)
    slots[slot] = number
    hashes.append(hash)
    arena.append(contentsOf: token)
    starts.append(arena.count)
    if 2 * hashes.count > slots.count { grow() }
    return number
  }

  /// FNV-1a.
  private static func hash(_ token: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var hash: UInt32 = 0x811C_9DC5
    for byte in token { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return hash
  }

  private func slot(of token: UnsafeBufferPointer<UInt8>, _ hash: UInt32) -> Int {
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if hashes[number] == hash, isEqual(number, token) { break }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private func isEqual(_ number: Int, _ token: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = starts[number]
    guard starts[number + 1] - start == token.count else { return false }
    return arena.withUnsafeBufferPointer { arena in
      for index in 0..<token.count where arena[start + index] != token[index] { return false }
      return true
    }
  }

  private mutating func grow() {
    var larger = [Int32](repeating: -1, count: 2 * slots.count)
    for (number, hash) in hashes.enumerated() {
      var slot = Int(hash) & (larger.count - 1)
      while larger[slot] >= 0 { slot = (slot + 1) & (larger.count - 1) }
      larger[slot] = Int32(number)
    }
    slots = larger
  }
}

/// Texts as indices into a vocabulary.
struct TextEncoder: Sendable {
  let tokenizer: Tokenizer
  private var table = TokenTable()

  init(_ tokenizer: Tokenizer, _ vocabulary: Vocabulary) {
    self.tokenizer = tokenizer
    for token in vocabulary.tokens.dropFirst(Vocabulary.special.count) {
      _ = Array(token.utf8).withUnsafeBufferPointer { table.insert($0) }
    }
  }

  /// The indices of a text; of an empty one a single unknown token, since a model needs a step.
  func encode(_ text: String) -> [Int32] {
    var indices: [Int32] = []
    tokenizer.forEachToken(of: text) { token in
      indices.append(table.index(of: token).map { $0 + 2 } ?? Vocabulary.unknown)
    }
    return indices.isEmpty ? [Vocabulary.unknown] : indices
  }
}
