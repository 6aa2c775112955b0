import FoundationEssentials
import Glibc
import Postgres
public import Store

/// Something that a working set-up needs, and whether it is there.
public struct Finding: Sendable, Encodable {
  /// What was looked at.
  public var subject: String
  /// Whether it is good.
  public var isGood: Bool
  /// What was found.
  public var found: String
  /// The command that mends it, if something is wrong.
  public var remedy: String?

  static func good(_ subject: String, _ found: String) -> Finding {
    Finding(subject: subject, isGood: true, found: found)
  }

  static func bad(_ subject: String, _ found: String, remedy: String) -> Finding {
    Finding(subject: subject, isGood: false, found: found, remedy: remedy)
  }
}

/// Looks at everything that a set-up needs.
public enum Diagnosis {
  /// What can be said without a database.
  ///
  /// - Parameter needsServer: Whether a private PostgreSQL is to be started here.
  /// - Returns: A finding for each thing that is needed.
  public static func machine(needsServer: Bool) -> [Finding] {
    var findings: [Finding] = []
    if needsServer {
      do {
        let programs = try PostgresPrograms.find()
        findings.append(
          .good("PostgreSQL server", "version \(programs.version) in \(programs.directory)"))
      } catch {
        findings.append(
          .bad("PostgreSQL server", "not installed", remedy: "apt-get install postgresql"))
      }
    }
    findings.append(
      find("psql").map { .good("psql", $0) }
        ?? .bad("psql", "not installed", remedy: "apt-get install postgresql-client"))
    let pip = try? ChildProcess.run(
      ["python3", "-m", "pip", "--version"], streams: .file("/dev/null"))
    findings.append(
      pip == .exited(0)
        ? .good("pip", "is there, for unroll dataset fetch")
        : .bad(
          "pip", "not installed; unroll dataset fetch needs it",
          remedy: "apt-get install python3-pip"))
    findings.append(cache)
    return findings
  }

  /// What a database says, once it answers.
  public static func database(_ database: Database) -> [Finding] {
    var findings: [Finding] = []
    do {
      let table = try database.connection.table("show server_version")
      findings.append(
        .good("database", "answers, PostgreSQL \(table.rows.first?.first?.description ?? "")"))
      try database.checkVersion()
      findings.append(.good("schema", "version \(try database.version())"))
    } catch let error as StoreError where error.code == .olderDatabase {
      return findings + [.bad("schema", "\(error)", remedy: "unroll migrate")]
    } catch let error as StoreError where error.code == .unsuitable {
      return findings + [.bad("database", "\(error)", remedy: "set it up as it says")]
    } catch {
      return findings + [.bad("schema", "\(error)", remedy: "install the newer program")]
    }
    do {
      let queues = try database.queues()
      findings += queues.abandoned.map {
        .bad(
          "scheduler", "none is running for the queue \($0), where sweeps wait",
          remedy: $0 == "default" ? "unroll up" : "unroll up --queue \($0)")
      }
      if !queues.led.isEmpty {
        findings.append(.good("scheduler", "leads \(queues.led.joined(separator: ", "))"))
      } else if queues.abandoned.isEmpty {
        findings.append(.bad("scheduler", "none is running", remedy: "unroll up"))
      }
      let alive = try database.workers().filter(\.isAlive)
      let slots = alive.reduce(0) { $0 + $1.slots }
      findings.append(
        alive.isEmpty
          ? .bad("workers", "none is running", remedy: "unroll up")
          : .good("workers", "\(alive.count) with \(slots) slots"))
      findings.append(
        try database.datasets().isEmpty
          ? .bad("datasets", "none yet", remedy: "unroll dataset fetch sms-spam")
          : .good("datasets", "\(try database.datasets().count)"))
      findings += try database.alerts().map {
        .bad($0.kind, "\($0.subject): \($0.found)", remedy: $0.remedy)
      }
    } catch {
      findings.append(.bad("database", "\(error)", remedy: "look at the server's log"))
    }
    return findings
  }

  /// A database that does not answer.
  public static func unreachable(_ error: any Error) -> Finding {
    .bad(
      "database", "\(error)",
      remedy: "start the server, or name another one with --database URL or DATABASE_URL")
  }

  private static var cache: Finding {
    guard let directory = DatasetCache().directory else {
      return .bad("cache", "HOME is not set", remedy: "export HOME=…")
    }
    do {
      try Environment.createDirectory(directory)
    } catch {
      return .bad("cache", "\(error)", remedy: "export XDG_CACHE_HOME=…")
    }
    guard access(directory, W_OK) == 0 else {
      return .bad("cache", "\(directory) is not writable", remedy: "chmod u+w \(directory)")
    }
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return .good("cache", directory) }
    let free = Int(status.f_bavail) * Int(status.f_frsize)
    return free > 1 << 30
      ? .good("cache", "\(directory), \(free >> 30) GiB free")
      : .bad("cache", "\(directory) has \(free >> 20) MiB free", remedy: "make room")
  }

  private static func find(_ program: String) -> String? {
    (Environment.value("PATH") ?? "").split(separator: ":").map { "\($0)/\(program)" }
      .first { access($0, X_OK) == 0 }
  }
}
