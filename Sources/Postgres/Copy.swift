import CPostgres

extension Connection {
  /// Runs `COPY … FROM STDIN` with the rows that `body` writes; returns how many the server took.
  ///
  /// If `body` throws, nothing is stored and its error goes on; the connection can be used
  /// afterwards. The deadline is for all of it.
  @discardableResult
  public func copyIn(
    _ sql: String, timeout: Duration? = nil, _ body: (CopyWriter) throws -> Void
  ) throws -> Int {
    try confined {
      let handle = try open()
      let deadline = deadline(timeout)
      try sql.checkedForZeroBytes()
      guard PQsendQuery(handle, sql) == 1 else { throw loss(sql) }
      try settle(handle, until: deadline, sql: sql)
      guard let pointer = PQgetResult(handle) else { throw loss(sql) }
      let first = ResultBox(pointer)
      guard first.status == PGRES_COPY_IN else {
        let error =
          first.status == PGRES_FATAL_ERROR
          ? PostgresError(result: pointer)
          : PostgresError(.unexpected, "copyIn needs a COPY … FROM STDIN")
        _ = try collect(until: deadline, sql: sql)
        throw error.about(sql)
      }
      let writer = CopyWriter(
        connection: self, sql: sql, deadline: deadline, isBinary: PQbinaryTuples(pointer) == 1)
      do {
        try writer.start()
        try body(writer)
        try writer.finish()
      } catch {
        writer.isOpen = false
        stopCopy(because: error, until: deadline, sql: sql)
        throw error
      }
      return try collect(until: deadline, sql: sql).last?.affected ?? 0
    }
  }

  /// Tells the server to forget the rows, and reads its confirmation of that.
  ///
  /// The caller has a better error already: what fails here closes the connection and is not told.
  private func stopCopy(because error: any Error, until deadline: Deadline, sql: String) {
    guard let handle else { return }
    do {
      var ended: Int32 = 0
      while ended == 0 {
        ended = PQputCopyEnd(handle, "the client stopped: \(type(of: error))")
        if ended == 0 { try waitToWrite(handle, until: deadline, sql: sql) }
      }
      guard ended == 1 else { throw loss(sql) }
      _ = try collect(until: deadline, sql: sql)
    } catch {}
  }

  /// Waits until libpq's buffer can take more; reads meanwhile, lest both sides wait for ever.
  func waitToWrite(_ handle: OpaquePointer, until deadline: Deadline, sql: String) throws {
    let ready = try ([.read, .write] as Readiness).wait(on: PQsocket(handle), until: deadline)
    if ready.isEmpty { throw expiry(sql) }
    if ready.contains(.read), PQconsumeInput(handle) == 0 { throw loss(sql) }
    guard PQflush(handle) >= 0 else { throw loss(sql) }
  }
}

/// Takes the rows of one COPY, inside ``Connection/copyIn(_:timeout:_:)`` only.
public final class CopyWriter {
  private unowned let connection: Connection
  private let sql: String
  private let deadline: Deadline
  private var buffer: [UInt8] = []
  private var columns: Int?
  fileprivate var isOpen = true
  /// Whether the statement asks for `format binary`; else for text or CSV.
  public let isBinary: Bool

  /// Enough for few system calls, little enough to stay in the cache.
  private static let chunk = 1 << 16

  fileprivate init(connection: Connection, sql: String, deadline: Deadline, isBinary: Bool) {
    self.connection = connection
    self.sql = sql
    self.deadline = deadline
    self.isBinary = isBinary
  }

  /// Adds a row of a binary COPY; each value must have exactly the type of its column.
  public func row(_ values: [any PostgresEncodable]) throws {
    precondition(isBinary, "typed rows need COPY … WITH (FORMAT binary)")
    buffer.append(bigEndian: Int16(values.count))
    for (index, value) in values.enumerated() {
      let parameter = value.postgresParameter
      if let flaw = parameter.flaw {
        throw PostgresError(.encoding, "column \(index + 1) of a copied row: \(flaw)").about(sql)
      }
      guard let bytes = parameter.bytes else {
        buffer.append(bigEndian: Int32(-1))
        continue
      }
      buffer.append(bigEndian: Int32(bytes.count))
      buffer += bytes
    }
    if buffer.count >= Self.chunk { try flush() }
  }

  /// Adds a row of a text COPY with the default delimiter; nil is NULL.
  public func row(texts: [String?]) throws {
    precondition(!isBinary, "rows of texts need a COPY in text form")
    for (index, text) in texts.enumerated() {
      if index > 0 { buffer.append(UInt8(ascii: "\t")) }
      guard let text else {
        buffer += Array("\\N".utf8)
        continue
      }
      for byte in text.utf8 {
        switch byte {
        case 0:
          throw PostgresError(
            .encoding, "a copied text holds a zero byte, which PostgreSQL cannot store"
          ).about(sql)
        case UInt8(ascii: "\\"): buffer += Array("\\\\".utf8)
        case UInt8(ascii: "\t"): buffer += Array("\\t".utf8)
        case UInt8(ascii: "\n"): buffer += Array("\\n".utf8)
        case UInt8(ascii: "\r"): buffer += Array("\\r".utf8)
        default: buffer.append(byte)
        }
      }
    }
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.chunk { try flush() }
  }

  /// Adds bytes as they are, such as a piece of a CSV file.
  public func write(_ bytes: some Sequence<UInt8>) throws {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.chunk { try flush() }
  }

  fileprivate func start() throws {
    guard isBinary else { return }
    buffer += Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]
    buffer.append(bigEndian: Int32(0))
    buffer.append(bigEndian: Int32(0))
  }

  fileprivate func finish() throws {
    if isBinary { buffer.append(bigEndian: Int16(-1)) }
    try flush()
    isOpen = false
    let handle = try connection.open()
    while true {
      let ended = PQputCopyEnd(handle, nil)
      if ended == 1 { return }
      guard ended == 0 else { throw connection.loss(sql) }
      try connection.waitToWrite(handle, until: deadline, sql: sql)
    }
  }

  private func flush() throws {
    precondition(isOpen, "a COPY is written to after its end")
    let handle = try connection.open()
    var rest = buffer[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Self.chunk)
      let put = piece.withUnsafeBytes { bytes in
        PQputCopyData(
          handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
      }
      guard put >= 0 else { throw connection.loss(sql) }
      if put == 1 { rest = rest.dropFirst(piece.count) }
      // libpq takes everything into its own buffer: what does not leave it would pile up there.
      while PQflush(handle) == 1 {
        try connection.waitToWrite(handle, until: deadline, sql: sql)
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
