import Postgres

extension Database {
  /// The version of the database that this program was made for.
  public static var currentVersion: Int { SchemaFile.migrations.count }

  /// What ``migrate()`` did.
  public struct Migration: Sendable, Hashable {
    /// The version before; 0 for an empty database.
    public let from: Int
    /// The version after.
    public let to: Int
    /// The parts of the public interface that were applied again.
    public let interface: [String]
  }

  /// Brings the database to this program's version. Does nothing when it is there already; any
  /// number of processes may do it at once. Needs a direct connection, not a transaction pooler's.
  @discardableResult
  public func migrate() throws -> Migration {
    try checkSettings()
    let before = try version()
    try refuseNewer(before)
    for (index, file) in SchemaFile.migrations.enumerated() where index + 1 > before {
      try exclusively {
        // Another process may have been faster while we waited.
        let reached = try version()
        try refuseNewer(reached)
        guard reached == index else { return }
        try storing { try connection.execute(file.text) }
        try run(RecordMigration(version: index + 1, file: file))
      }
    }
    return Migration(from: before, to: try version(), interface: try applyInterface())
  }

  /// The version of the database: 0 when it holds nothing of ours.
  public func version() throws -> Int {
    guard try one(IsMigrated()) else { return 0 }
    return try one(ReadVersion())
  }

  /// Throws unless the database is exactly of this program's version, and set up as it needs it.
  public func checkVersion() throws {
    try checkSettings()
    let version = try version()
    try refuseNewer(version)
    guard version == Self.currentVersion else {
      throw StoreError(
        .olderDatabase,
        version == 0
          ? "the database is empty; run: unroll migrate"
          : "the database has version \(version), this program needs \(Self.currentVersion); "
            + "run: unroll migrate")
    }
  }

  /// Texts are UTF-8, and who waits for a lock has to see what was written meanwhile.
  private func checkSettings() throws {
    let settings = try one(ReadSettings())
    guard settings.encoding == "UTF8" else {
      throw StoreError(
        .unsuitable,
        "the database's encoding is \(settings.encoding), allowed: UTF8; "
          + "create database NAME encoding 'UTF8' template template0")
    }
    guard settings.isolation == "read committed" else {
      throw StoreError(
        .unsuitable,
        "default_transaction_isolation is \(settings.isolation), allowed: read committed; "
          + "alter role or alter database … set default_transaction_isolation = 'read committed'")
    }
  }

  private func refuseNewer(_ version: Int) throws {
    guard version <= Self.currentVersion else {
      throw StoreError(
        .newerDatabase,
        "the database has version \(version), this program knows up to \(Self.currentVersion); "
          + "use a newer unroll")
    }
  }

  private func applyInterface() throws -> [String] {
    guard try changedInterface().isEmpty == false else { return [] }
    return try exclusively {
      guard try version() == Self.currentVersion else { return [] }
      let changed = try changedInterface()
      for file in changed {
        try storing { try connection.execute(file.text) }
        try run(RecordInterface(file: file))
      }
      return changed.map(\.name)
    }
  }

  private func changedInterface() throws -> [SchemaFile] {
    try SchemaFile.interface.filter { try one(IsInterfaceCurrent(file: $0)) == false }
  }

  /// One transaction that no other migration runs beside.
  private func exclusively<R>(_ body: () throws -> R) throws -> R {
    do {
      return try transaction {
        try run(LimitLockWait())
        try run(LockMigrations())
        return try body()
      }
    } catch let error as StoreError where error.code == .busy {
      throw StoreError(
        .busy, "another migration or a long transaction is in the way; try again",
        cause: error.cause)
    }
  }
}

private struct IsMigrated: Statement {
  // Not to_regclass: while this transaction waited for the lock, another one may have created the
  // schema, and the session's cache would still say that there is none. Reading pg_class looks.
  static let sql = """
    select exists (
      select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'unroll_internal' and c.relname = 'migration')
    """
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct ReadSettings: Statement {
  static let sql = """
    select current_setting('server_encoding'), current_setting('default_transaction_isolation')
    """
  static func decode(_ row: Row) throws -> (encoding: String, isolation: String) {
    (try row[0], try row[1])
  }
}

private struct ReadVersion: Statement {
  static let sql = "select coalesce(max(version), 0) from unroll_internal.migration"
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct LimitLockWait: Statement {
  typealias Output = Void
  static let sql = "set local lock_timeout = '30s'"
}

private struct LockMigrations: Statement {
  typealias Output = Void
  // Any constant will do, as long as it never changes: "unroll" in ASCII.
  static let sql = "select pg_advisory_xact_lock(129081140146284)"
}

private struct RecordMigration: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.migration (version, name, sha256)
    values ($1::int, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))
    """
  let version: Int
  let file: SchemaFile
  var parameters: [any PostgresEncodable] { [version, file.name, file.text] }
}

private struct IsInterfaceCurrent: Statement {
  static let sql = """
    select exists (
      select from unroll_internal.interface
      where name = $1 and sha256 = encode(sha256(convert_to($2, 'UTF8')), 'hex'))
    """
  let file: SchemaFile
  var parameters: [any PostgresEncodable] { [file.name, file.text] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct RecordInterface: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.interface (name, sha256)
    values ($1, encode(sha256(convert_to($2, 'UTF8')), 'hex'))
    on conflict (name) do update set sha256 = excluded.sha256, applied_at = clock_timestamp()
    """
  let file: SchemaFile
  var parameters: [any PostgresEncodable] { [file.name, file.text] }
}
