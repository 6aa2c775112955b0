/// Which statements the server keeps prepared for one connection.
///
/// A statement is prepared when it comes for the second time: the first time it costs one round
/// trip either way, and many statements come only once.
///
/// The name of a statement follows from its text. Behind a pooler that hands connections of the
/// server around (PgBouncer in transaction mode), a name by number would be another client's
/// statement: this way it is the same one, or none.
struct PreparedStatements {
  struct Key: Hashable {
    let sql: String
    let types: [UInt32]
  }

  enum Plan: Equatable {
    /// Send the text.
    case direct
    /// Prepare it under this new name, then say `isReady`.
    case prepare(String)
    /// It is there under this name.
    case prepared(String)
  }

  private enum State {
    case seen
    case ready(String)
  }

  /// More texts than this do not come from a program's fixed statements; they are sent as text.
  private static let limit = 256
  var isEnabled = true
  private var states: [Key: State] = [:]
  /// Grows when a name was found to stand for something that is no longer right.
  private var generation = 0

  mutating func plan(for key: Key) -> Plan {
    guard isEnabled else { return .direct }
    switch states[key] {
    case .ready(let name): return .prepared(name)
    case .seen: return .prepare("u\(Self.digest(of: key))_\(generation)")
    case nil:
      if states.count < Self.limit { states[key] = .seen }
      return .direct
    }
  }

  /// The server has prepared the statement under this name.
  mutating func isReady(_ key: Key, as name: String) { states[key] = .ready(name) }

  /// The statement is not there, or no longer as it should be; its name is never used again.
  mutating func forget(_ key: Key) {
    states[key] = nil
    generation += 1
  }

  /// 128 bits of a statement's text and types: FNV-1a from two beginnings.
  private static func digest(of key: Key) -> String {
    var (low, high): (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x6c62_272e_07bb_0142)
    func add(_ byte: UInt8) {
      low = (low ^ UInt64(byte)) &* 0x100_0000_01b3
      high = (high ^ UInt64(byte)) &* 0x100_0000_01b3
      high = high << 23 | high >> 41
    }
    for byte in key.sql.utf8 { add(byte) }
    for type in key.types { for shift in [0, 8, 16, 24] { add(UInt8(type >> shift & 0xff)) } }
    return String(low, radix: 36) + String(high, radix: 36)
  }
}
