import CPostgres

/// Owns one result of libpq.
///
/// `@unchecked Sendable`: libpq never changes a result after handing it over, and reading one from
/// several threads is safe; it is freed once, with the last reference.
final class ResultBox: @unchecked Sendable {
  let pointer: OpaquePointer
  let columns: [Column]

  init(_ pointer: OpaquePointer) {
    self.pointer = pointer
    columns = (0..<PQnfields(pointer)).map { index in
      Column(
        name: PQfname(pointer, index).map { String(cString: $0) } ?? "",
        type: PostgresType(rawValue: PQftype(pointer, index)))
    }
  }

  deinit { PQclear(pointer) }

  var status: ExecStatusType { PQresultStatus(pointer) }
  var count: Int { Int(PQntuples(pointer)) }
  var command: String { String(cString: PQcmdStatus(pointer)) }
  var affected: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

  /// The bytes of a value, nil for NULL; valid as long as the box.
  func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
    let row = Int32(row)
    let column = Int32(column)
    guard PQgetisnull(pointer, row, column) == 0 else { return nil }
    return UnsafeRawBufferPointer(
      start: PQgetvalue(pointer, row, column), count: Int(PQgetlength(pointer, row, column)))
  }
}

extension PostgresError {
  /// A notice or an error of libpq, field by field.
  init(result: OpaquePointer) {
    func field(_ code: unroll_error_field) -> String? {
      PQresultErrorField(result, Int32(code.rawValue)).map { String(cString: $0) }
    }
    let text = field(unroll_field_message) ?? String(cString: PQresultErrorMessage(result))
    self.init(.server, text, hint: field(unroll_field_hint), sqlState: field(unroll_field_sqlstate))
    detail = field(unroll_field_detail)
    constraint = field(unroll_field_constraint)
    table = field(unroll_field_table)
    column = field(unroll_field_column)
    position = field(unroll_field_position).flatMap { Int($0) }
    context = field(unroll_field_context)
    routine = field(unroll_field_routine)
    if sqlState == nil {
      // Without a SQLSTATE it is libpq that speaks: it could not go on talking to the server.
      code = .connectionLost
      message = PostgresError.oneLine(text)
    }
  }
}
