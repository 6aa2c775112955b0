/// Which statements the server keeps prepared for one connection.
///
/// A statement is prepared when it comes for the second time: the first time it costs one round
/// trip either way, and many statements come only once.
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
  private var nextNumber = 0

  mutating func plan(for key: Key) -> Plan {
    guard isEnabled else { return .direct }
    switch states[key] {
    case .ready(let name): return .prepared(name)
    case .seen:
      nextNumber += 1
      return .prepare("u\(nextNumber)")
    case nil:
      if states.count < Self.limit { states[key] = .seen }
      return .direct
    }
  }

  /// The server has prepared the statement under this name.
  mutating func isReady(_ key: Key, as name: String) { states[key] = .ready(name) }

  /// The statement is not there, or no longer as it should be; its name is never used again.
  mutating func forget(_ key: Key) { states[key] = nil }
}
