import Glibc

/// The programs of a PostgreSQL server that is installed on this machine.
struct PostgresPrograms: Equatable {
  /// Where `initdb`, `pg_ctl` and `postgres` are.
  let directory: String
  /// The major version, such as 15.
  let version: Int

  func path(_ program: String) -> String { "\(directory)/\(program)" }

  /// Finds a server: Debian's directories first, the newest version first, then PATH.
  ///
  /// - Parameter wanted: The only version that will do: that of an existing data directory.
  /// - Returns: The newest server that will do.
  /// - Throws: `SystemError` that names the package to install.
  static func find(version wanted: Int? = nil) throws(SystemError) -> PostgresPrograms {
    let candidates = installed().filter { wanted == nil || $0.version == wanted }
    guard let newest = candidates.max(by: { $0.version < $1.version }) else {
      let package = wanted.map { "postgresql-\($0)" } ?? "postgresql"
      throw SystemError(
        "no PostgreSQL\(wanted.map { " \($0)" } ?? "") server is installed: "
          + "apt-get install \(package), or name a running one with --database URL")
    }
    return newest
  }

  private static func installed() -> [PostgresPrograms] {
    var found: [PostgresPrograms] = []
    for version in 10...40 {
      let directory = "/usr/lib/postgresql/\(version)/bin"
      if access("\(directory)/initdb", X_OK) == 0 {
        found.append(PostgresPrograms(directory: directory, version: version))
      }
    }
    guard found.isEmpty else { return found }
    for directory in (Environment.value("PATH") ?? "").split(separator: ":").map(String.init)
    where access("\(directory)/initdb", X_OK) == 0 && access("\(directory)/pg_ctl", X_OK) == 0 {
      if let version = version(of: "\(directory)/initdb") {
        found.append(PostgresPrograms(directory: directory, version: version))
      }
    }
    return found
  }

  /// `initdb (PostgreSQL) 15.18 (…)` → 15
  private static func version(of program: String) -> Int? {
    guard let pipe = popen("'\(program)' --version", "r") else { return nil }
    defer { pclose(pipe) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, 255, pipe) != nil else { return nil }
    let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return text.split(separator: " ").lazy
      .compactMap { Int($0.prefix { $0.isNumber }) }.first
  }
}
