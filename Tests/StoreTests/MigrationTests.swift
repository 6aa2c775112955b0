import Dispatch
import FoundationEssentials
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

@Suite struct MigrationTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "sql")

  // By their names: the runner prints arguments, and these are all of sql/.
  @Test(arguments: ["migrations", "views", "queries"])
  func `what is embedded is what is in the folder`(name: String) throws {
    let all = [
      "migrations": SchemaFile.migrations, "views": SchemaFile.interface,
      "queries": SchemaFile.queries,
    ]
    let files = try #require(all[name])
    let folder = Self.folder.appending(path: name)
    let found = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(found == files.map { $0.name + ".sql" }.sorted())
    for file in files {
      let data = try Data(contentsOf: folder.appending(path: file.name + ".sql"))
      #expect(String(decoding: data, as: UTF8.self) == file.text)
    }
  }

  /// How many migrations were released, and what they say. With a release the numbers grow; never do they
  /// change for what was released before, or databases of then could not be brought up to date.
  private static let released = (
    count: 20, digest: "af8eec4f150ef5b605bc35be47ef00fefe14d0fe79d5bb607874f520fc1e6495"
  )

  @Test(.scratchDatabase) func `released migrations do not change`() throws {
    let digest: String = try Fixture().connection.query(
      """
      select encode(sha256(string_agg(sha256, '' order by version)::bytea), 'hex')
      from unroll_internal.migration where version <= $1
      """, [Self.released.count]
    ).one()[0]
    #expect(digest == Self.released.digest)
  }

  @Test func `names are unique over the folders and do not start with a digit`() {
    let names = (SchemaFile.migrations + SchemaFile.interface + SchemaFile.queries).map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.first?.isLetter == true })
    #expect(SchemaFile.migrations.map(\.name).sorted() == SchemaFile.migrations.map(\.name))
  }

  @Test(.scratchDatabase) func `ten at once migrate once`() throws {
    let options = try Scratch.database
    let outcomes = Mutex<[Result<Database.Migration, any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: 10) { _ in
      let outcome = Result { try Database(options).migrate() }
      outcomes.withLock { $0.append(outcome) }
    }
    let done = try outcomes.withLock { $0 }.map { try $0.get() }
    #expect(done.count == 10)
    #expect(done.allSatisfy { $0.to == Database.currentVersion })
    let database = try Database(options)
    try database.checkVersion()
    let migrations: Int = try database.connection
      .query("select count(*) from unroll.migrations").one()[0]
    #expect(migrations == Database.currentVersion)
    // Each part of the interface was applied by exactly one of them.
    #expect(done.flatMap(\.interface).sorted() == SchemaFile.interface.map(\.name).sorted())
    #expect(try database.migrate().interface == [])
  }

  @Test(.scratchDatabase) func `an empty database is refused until it is migrated`() throws {
    let database = try Database(try Scratch.database)
    #expect(try database.version() == 0)
    let error = try storeError { try database.checkVersion() }
    #expect(error.code == .olderDatabase)
    #expect(error.message == "the database is empty; run: unroll migrate")
    let other = try storeError { _ = try database.datasets() }
    #expect(other.code == .olderDatabase)
    #expect(try database.migrate().from == 0)
    try database.checkVersion()
  }

  @Test(.scratchDatabase) func `a newer database is refused, to read and to migrate`() throws {
    let database = try Database(try Scratch.database)
    try database.migrate()
    let next = Database.currentVersion + 1
    try database.connection.query(
      "insert into unroll_internal.migration values ($1::int, 'm9999_future', repeat('0', 64))",
      [next])
    for attempt in [{ try database.checkVersion() }, { _ = try database.migrate() }] {
      let error = try storeError(attempt)
      #expect(error.code == .newerDatabase)
      #expect(error.message.contains("has version \(next), this program knows up to \(next - 1)"))
    }
  }

  @Test(.scratchDatabase) func `a database that is set up otherwise is refused`() throws {
    let options = try Scratch.database
    let database = try Database(options)
    try database.migrate()
    let name: String = try database.connection.query("select current_database()::text").one()[0]
    try database.connection.execute(
      "alter database \(name) set default_transaction_isolation = 'repeatable read'")
    let other = try Database(options)
    for attempt in [{ try other.checkVersion() }, { _ = try other.migrate() }] {
      let error = try storeError(attempt)
      #expect(error.code == .unsuitable)
      #expect(error.message.contains("repeatable read, allowed: read committed"))
    }
    let server = try Connection(try Scratch.server)
    try server.execute(
      "create database \(name)_ascii template template0 encoding 'SQL_ASCII' locale 'C'")
    defer { try? server.execute("drop database \(name)_ascii with (force)") }
    var ascii = options
    ascii.database = "\(name)_ascii"
    let third = try Database(ascii)
    let error = try storeError { _ = try third.migrate() }
    #expect(error.code == .unsuitable && error.message.contains("SQL_ASCII, allowed: UTF8"))
    // Nothing half done.
    #expect(try third.version() == 0)
  }

  @Test(.scratchDatabase) func `a changed view is applied again, and only that`() throws {
    let database = try Database(try Scratch.database)
    #expect(try database.migrate().interface == SchemaFile.interface.map(\.name))
    try database.connection.execute(
      "update unroll_internal.interface set sha256 = repeat('0', 64) where name = 'results'")
    #expect(try database.migrate().interface == ["results"])
  }

  @Test(.scratchDatabase) func `everything public has a comment`() throws {
    let database = try Database(try Scratch.database)
    try database.migrate()
    let missing = try database.connection.query(
      """
      select c.relname::text || coalesce('.' || a.attname::text, '') as name
      from pg_class c
        left join lateral (
          select null::smallint as attnum, null::name as attname
          union all
          select a.attnum, a.attname from pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) a on true
      where c.relnamespace = 'unroll'::regnamespace and c.relkind in ('v', 'm', 'r', 'p')
        and coalesce(col_description(c.oid, a.attnum), case when a.attnum is null
          then obj_description(c.oid, 'pg_class') end, '') = ''
      union all
      select p.oid::regprocedure::text from pg_proc p
      where p.pronamespace = 'unroll'::regnamespace
        and coalesce(obj_description(p.oid, 'pg_proc'), '') = ''
      union all
      select 'schema' where obj_description('unroll'::regnamespace, 'pg_namespace') is null
      """
    ).map { try $0["name", as: String.self] }
    #expect(missing == [])
    let views: Int = try database.connection.query(
      "select count(*) from pg_class where relnamespace = 'unroll'::regnamespace and relkind = 'v'"
    ).one()[0]
    #expect(views >= 15)
  }
}
