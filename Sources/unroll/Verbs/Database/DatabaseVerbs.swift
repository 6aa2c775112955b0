import ArgumentParser
import Orchestration
import Postgres
import Store

struct MigrateVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the database to this program's version.",
    discussion: """
      Each step is one transaction. Any number of processes may migrate at the same time; nothing that is \
      stored is lost.
      """)

  @OptionGroup var database: DatabaseOptions

  @OptionGroup var output: OutputOptions

  @Flag(help: "Say nothing.")
  var quiet = false

  func run() throws {
    try database.withServer { server in
      let database = try Database(server.options)
      defer { database.connection.close() }
      try database.migrate()
      let version = try database.version()
      if output.isJSON {
        print("{\"version\": \(version)}")
      } else if !quiet {
        print("the database has version \(version)")
      }
    }
  }
}

struct SQLVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql", abstract: "Run one SQL statement and print its rows.",
    discussion: """
      Views and their columns are in README; sql/queries is a cookbook.

        unroll sql 'select * from unroll.leaderboard where sweep_id = 1'
        unroll sql --values 'select max(id) from unroll.sweeps'
        unroll sql "$(cat sql/queries/best_trials.sql)"
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Print bare values, between tabulators, without a head.")
  var values = false

  // One that begins with a comment looks like an option.
  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp("The statement, in quotation marks.", valueName: "statement"))
  var statements: [String]

  func validate() throws {
    guard statements.count == 1 else {
      throw ValidationError(
        "found \(statements.count) statements, allowed: one, in quotation marks")
    }
  }

  func run() throws {
    let statement = statements[0]
    try database.withDatabase { database in
      let answer = try database.connection.table(statement)
      if output.isJSON { return print(answer.json) }
      if values {
        for row in answer.rows { print(row.map(\.description).joined(separator: "\t")) }
        return
      }
      guard !answer.columns.isEmpty else { return print(answer.command) }
      var table = Table(
        answer.columns.indices.map { column in
          (
            answer.columns[column].name,
            answer.rows.allSatisfy { $0[column].isNumeric } ? .right : .left
          )
        })
      for row in answer.rows { table.add(row.map(\.description)) }
      for line in table.lines() { print(line) }
    }
  }
}

extension TextTable.Value {
  fileprivate var isNumeric: Bool {
    switch self {
    case .number, .null: true
    default: false
    }
  }
}

struct PsqlVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psql", abstract: "Open psql on the database in use.",
    discussion: """
      What follows goes to psql as it is. A private PostgreSQL stays up as long as psql runs.

        unroll psql
        unroll psql -c '\\d+ unroll.trials'
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(parsing: .captureForPassthrough, help: "Arguments of psql.")
  var arguments: [String] = []

  func run() throws {
    if ["--help", "-h"].contains(arguments.first) {
      throw CleanExit.helpRequest(self)
    }
    var (url, rest) = (database.url, arguments)
    // Everything is psql's here, but the place of the database is ours as in every verb.
    if rest.first == "--database", rest.count > 1 {
      url = rest[1]
      rest.removeFirst(2)
    }
    var options = database
    options.url = url
    let ending = try options.withServer { server in
      try server.migrateIfPrivate()
      let place = server.text.map { ["-d", $0] } ?? []
      return try ChildProcess.run(["psql"] + place + rest)
    }
    switch ending {
    case .exited(let code): throw ExitCode(code)
    case .signalled(let signal): throw ExitCode(128 + signal)
    }
  }
}
