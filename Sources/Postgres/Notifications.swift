import CPostgres

/// A message that another session has sent with NOTIFY.
public struct Notification: Sendable, Hashable {
  /// The channel that it came on.
  public let channel: String
  /// The text sent with it, often empty.
  public let payload: String
  /// The server process of the session that sent it.
  public let backendProcessID: Int32
}

extension Connection {
  /// Asks for the notifications of a channel; does not work behind PgBouncer in transaction mode.
  public func listen(to channel: String) throws {
    try execute("listen \(Self.quoted(identifier: channel))")
  }

  /// Waits for notifications; an empty answer means that none came in time.
  ///
  /// They are hints: whoever reconnects must listen again and look at the tables once. A dead peer
  /// is not noticed here, so ask the server something now and then.
  public func notifications(timeout: Duration) throws -> [Notification] {
    try confined {
      precondition(!transactionIsOpen, "inside a transaction no notification comes")
      let deadline = Deadline(after: timeout)
      let handle = try open()
      while true {
        guard PQconsumeInput(handle) == 1 else { throw loss(nil) }
        let arrived = takeNotifications(handle)
        if !arrived.isEmpty { return arrived }
        // A server that shuts down says so; libpq has read it, and then finds the socket closed.
        guard PQstatus(handle) == CONNECTION_OK else { throw loss(nil) }
        if try Readiness.read.wait(on: PQsocket(handle), until: deadline).isEmpty { return [] }
      }
    }
  }

  private func takeNotifications(_ handle: OpaquePointer) -> [Notification] {
    var arrived: [Notification] = []
    while let pointer = PQnotifies(handle) {
      defer { PQfreemem(pointer) }
      arrived.append(
        Notification(
          channel: String(cString: pointer.pointee.relname),
          payload: String(cString: pointer.pointee.extra),
          backendProcessID: pointer.pointee.be_pid))
    }
    return arrived
  }
}
