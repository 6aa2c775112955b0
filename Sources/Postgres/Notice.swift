import CPostgres

/// Holds the closure that gets the server's notices, so that C can find it.
final class NoticeBox: Sendable {
  private let handler: Connection.NoticeHandler

  init(_ handler: @escaping Connection.NoticeHandler) { self.handler = handler }

  /// The connection must hold the box as long as libpq may call it.
  func attach(to handle: OpaquePointer) {
    let receiver: PQnoticeReceiver = { context, result in
      guard let context, let result else { return }
      let box = Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue()
      box.handler(PostgresError(result: result))
    }
    PQsetNoticeReceiver(handle, receiver, Unmanaged.passUnretained(self).toOpaque())
  }
}
