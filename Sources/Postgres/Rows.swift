/// A column of an answer.
public struct Column: Sendable, Hashable {
  /// The name as the statement gives it.
  public let name: String
  /// The type that the server says.
  public let type: PostgresType
}

/// The answer to one statement: its rows, decoded when they are read.
public struct Rows: Sendable, RandomAccessCollection {
  let box: ResultBox

  /// The columns, in order.
  public var columns: [Column] { box.columns }
  /// What the server says it did, such as `INSERT 0 3`.
  public var command: String { box.command }
  /// The number of rows that the statement inserted, updated, deleted or returned.
  public var affected: Int { box.affected }

  /// Zero: rows are counted from here.
  public var startIndex: Int { 0 }
  /// The number of rows.
  public var endIndex: Int { box.count }
  /// A row by its number; traps outside the answer.
  public subscript(position: Int) -> Row {
    precondition(indices.contains(position), "row \(position) of \(endIndex)")
    return Row(box: box, index: position)
  }

  /// The only row; an error if there are none or several.
  public func one() throws -> Row {
    guard endIndex == 1 else {
      throw PostgresError(.decoding, "\(endIndex) rows came where exactly one was expected")
    }
    return self[0]
  }

  /// The only row, or nil; an error if there are several.
  public func oneOrNone() throws -> Row? {
    isEmpty ? nil : try one()
  }
}

/// One row of an answer.
public struct Row: Sendable {
  let box: ResultBox
  let index: Int

  /// The columns, in order.
  public var columns: [Column] { box.columns }

  /// The value of a column by name; an error if there is none, or if its value is not a `T`.
  public subscript<T: PostgresDecodable>(name: String, as type: T.Type = T.self) -> T {
    get throws {
      guard let column = box.columns.firstIndex(where: { $0.name == name }) else {
        let names = box.columns.map(\.name).joined(separator: ", ")
        throw PostgresError(.decoding, "no column \"\(name)\" in the answer, which has: \(names)")
      }
      return try self[column, as: type]
    }
  }

  /// The value of a column by its place, counted from 0; an error if its value is not a `T`.
  public subscript<T: PostgresDecodable>(column: Int, as type: T.Type = T.self) -> T {
    get throws {
      precondition(box.columns.indices.contains(column), "column \(column) of \(columns.count)")
      do {
        guard let bytes = box.bytes(row: index, column: column) else {
          return try T.postgresNull()
        }
        return try T(postgres: PostgresValue(type: box.columns[column].type, bytes: bytes))
      } catch var error as PostgresError {
        error.column = box.columns[column].name
        error.message = "column \"\(box.columns[column].name)\": \(error.message)"
        throw error
      }
    }
  }

  /// Whether the value of a column is NULL.
  public func isNull(_ name: String) throws -> Bool {
    guard let column = box.columns.firstIndex(where: { $0.name == name }) else {
      throw PostgresError(.decoding, "no column \"\(name)\" in the answer")
    }
    return box.bytes(row: index, column: column) == nil
  }
}
