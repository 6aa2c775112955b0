import CPostgres

/// Asks a server to stop what one connection is running; may be used by any thread at any time.
///
/// `@unchecked Sendable`: libpq's cancel object never changes, and PQcancel is safe on any thread.
public final class Canceller: @unchecked Sendable {
  private let pointer: OpaquePointer

  init?(_ connection: OpaquePointer) {
    guard let pointer = PQgetCancel(connection) else { return nil }
    self.pointer = pointer
  }

  deinit { PQfreeCancel(pointer) }

  /// Sends the request, over a connection of its own, and waits until the server has taken it.
  ///
  /// The running statement then ends with SQLSTATE 57014, unless it was done before. libpq has no
  /// deadline here.
  public func cancel() throws {
    var buffer = [CChar](repeating: 0, count: 256)
    guard PQcancel(pointer, &buffer, Int32(buffer.count)) == 1 else {
      let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let reason = PostgresError.oneLine(String(decoding: bytes, as: UTF8.self))
      throw PostgresError(.unreachable, "cannot cancel the statement: \(reason)")
    }
  }
}
