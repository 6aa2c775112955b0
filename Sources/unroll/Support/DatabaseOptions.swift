import ArgumentParser
import Orchestration
import Postgres
import Store

/// Which database a verb works on.
struct DatabaseOptions: ParsableArguments {
  @Option(
    name: .customLong("database"),
    help: ArgumentHelp(
      """
      The database: a URL or key=value words, as libpq users know them. If not given: DATABASE_URL, \
      then the PG* variables; if none is set, a private PostgreSQL of this machine that is started \
      when it is needed.
      """, valueName: "url"))
  var url: String?

  /// What a verb may know of its database.
  struct Server {
    let options: ConnectionOptions
    /// What libpq's own programs are to be told; nil where the PG* variables say it.
    let text: String?
    /// Whether nobody named a database.
    let isPrivate: Bool
  }

  /// Whether nobody named a database.
  var isPrivate: Bool {
    get throws {
      if case .privateServer = try DatabaseLocation.resolve(flag: url) { true } else { false }
    }
  }

  /// Keeps the private server up, if it is that, while `body` runs.
  func withServer<R>(_ body: (Server) throws -> R) throws -> R {
    switch try DatabaseLocation.resolve(flag: url) {
    case .named(let text):
      return try body(Server(options: ConnectionOptions(text), text: text, isPrivate: false))
    case .privateServer(let server):
      let use = try server.use()
      let result = Result {
        try body(Server(options: ConnectionOptions(server.url), text: server.url, isPrivate: true))
      }
      try use.close()
      return try result.get()
    }
  }

  /// Connects to a database of this program's version. The private one is brought to it on the way;
  /// one that others may use as well is migrated only by those who say so.
  func withDatabase<R>(_ body: (Database) throws -> R) throws -> R {
    try withDatabase { database, _ in try body(database) }
  }

  /// The same for a verb that must be able to connect again.
  func withDatabase<R>(_ body: (Database, Server) throws -> R) throws -> R {
    try withServer { server in
      let database = try Database(server.options)
      defer { database.connection.close() }
      if server.isPrivate { try database.migrate() } else { try database.checkVersion() }
      return try body(database, server)
    }
  }
}

/// How a verb tells what it found.
struct OutputOptions: ParsableArguments {
  @Flag(name: .customLong("json"), help: "Print JSON with the names of the public views.")
  var isJSON = false

  /// Prints rows as a JSON array.
  func print(_ rows: [JSON]) {
    let lines = rows.map { "  " + $0.text }
    Swift.print(rows.isEmpty ? "[]" : "[\n" + lines.joined(separator: ",\n") + "\n]")
  }
}

extension DatabaseOptions.Server {
  /// What a daemon does first. Once it runs it waits for a database that is away; whoever starts it
  /// by hand with a wrong address, or for a database of another version, is told so at once.
  func checkAtStart(isSupervised: Bool) throws {
    if isPrivate { return try migrateIfPrivate() }
    guard !isSupervised else { return }
    let database = try Database(options)
    defer { database.connection.close() }
    try database.checkVersion()
  }

  /// Brings the private server's database to this program's version; any other is left as it is.
  func migrateIfPrivate() throws {
    guard isPrivate else { return }
    let database = try Database(options)
    defer { database.connection.close() }
    try database.migrate()
  }
}
