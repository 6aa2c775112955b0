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
    /// Prepare it under this name, then say `isReady`.
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
  private var nextNumber = 1

  mutating func plan(for key: Key) -> Plan {
    guard isEnabled else { return .direct }
    switch states[key] {
    case .ready(let name): return .prepared(name)
    case .seen: return .prepare("u\(nextNumber)")
    case nil:
      if states.count < Self.limit { states[key] = .seen }
      return .direct
    }
  }

  /// The statement that was last to be prepared is there now.
  mutating func isReady(_ key: Key) {
    states[key] = .ready("u\(nextNumber)")
    nextNumber += 1
  }

  mutating func forget(_ key: Key) {
    states[key] = nil
    nextNumber += 1
  }
}
