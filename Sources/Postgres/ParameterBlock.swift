import CPostgres

/// The parameters of one call, laid out as libpq wants them.
struct ParameterBlock {
  let types: [UInt32]
  private let formats: [Int32]
  private let lengths: [Int32]
  /// Where each value begins in `bytes`; nil is NULL.
  private let offsets: [Int?]
  private let bytes: [UInt8]

  /// The number of bytes of all values.
  var size: Int { bytes.count }

  init(_ query: Query) throws {
    let parameters = query.parameters.map(\.postgresParameter)
    try query.sql.checkedForZeroBytes()
    guard parameters.count <= 65_535 else {
      throw PostgresError(
        .encoding, "\(parameters.count) parameters; a statement takes at most 65535",
        hint: "bind arrays"
      ).about(query.sql)
    }
    var offsets: [Int?] = []
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parameters.reduce(0) { $0 + ($1.bytes?.count ?? 0) + 1 })
    for (index, parameter) in parameters.enumerated() {
      if let flaw = parameter.flaw {
        throw PostgresError(.encoding, "parameter $\(index + 1): \(flaw)").about(query.sql)
      }
      guard let value = parameter.bytes else {
        offsets.append(nil)
        continue
      }
      guard value.count < 0x3FFF_FFFF else {
        throw PostgresError(
          .encoding, "parameter $\(index + 1) has \(value.count) bytes; 1 GB is the limit"
        ).about(query.sql)
      }
      offsets.append(bytes.count)
      bytes += value
      // libpq takes a value in text form up to a zero byte.
      bytes.append(0)
    }
    types = parameters.map(\.type.rawValue)
    formats = parameters.map { $0.isBinary ? 1 : 0 }
    lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
    self.offsets = offsets
    self.bytes = bytes
  }

  private func withValues<R>(_ body: ([UnsafePointer<CChar>?]) -> R) -> R {
    bytes.withUnsafeBytes { buffer in
      let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      return body(offsets.map { offset in offset.flatMap { start?.advanced(by: $0) } })
    }
  }

  /// Sends a text with the parameters; false if libpq cannot.
  func send(_ sql: String, _ format: ResultFormat, on handle: OpaquePointer) -> Bool {
    withValues { values in
      PQsendQueryParams(
        handle, sql, Int32(types.count), types, values, lengths, formats, format.rawValue) == 1
    }
  }

  /// Sends the parameters for a statement that is prepared under `name`.
  func send(prepared name: String, _ format: ResultFormat, on handle: OpaquePointer) -> Bool {
    withValues { values in
      PQsendQueryPrepared(
        handle, name, Int32(types.count), values, lengths, formats, format.rawValue) == 1
    }
  }

  /// Asks for a statement to be prepared for parameters of these types.
  func sendPrepare(_ sql: String, name: String, on handle: OpaquePointer) -> Bool {
    PQsendPrepare(handle, name, sql, Int32(types.count), types) == 1
  }
}
