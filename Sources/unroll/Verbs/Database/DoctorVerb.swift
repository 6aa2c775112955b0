import ArgumentParser
import Orchestration
import Postgres
import Store

struct DoctorVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what is missing, and the command that mends it.",
    discussion: "Exits with 1 if something is missing.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    var findings = Diagnosis.machine(needsServer: try database.isPrivate)
    do {
      findings += try database.withServer { server in
        if server.isPrivate { try server.migrateIfPrivate() }
        let database = try Database(server.options)
        defer { database.connection.close() }
        return Diagnosis.database(database)
      }
    } catch {
      findings.append(Diagnosis.unreachable(error))
    }
    if output.isJSON {
      try JSONOutput.print(findings)
    } else {
      var table = Table([("", .left), ("", .left), ("found", .left)])
      for finding in findings {
        table.add([finding.isGood ? "ok" : "MISSING", finding.subject, finding.found])
      }
      for line in table.lines().dropFirst() { print(line) }
      let remedies = findings.compactMap(\.remedy)
      if !remedies.isEmpty {
        print("\nto mend it:")
        for remedy in remedies.reduce(into: [String](), { if !$0.contains($1) { $0.append($1) } }) {
          print("  \(remedy)")
        }
      }
    }
    if findings.contains(where: { !$0.isGood }) { throw ExitCode(1) }
  }
}
