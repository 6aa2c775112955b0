import Glibc

/// A PostgreSQL server of one's own, for whoever has named no database: a data directory of the
/// user, a Unix socket that only its owner and root can open, and no TCP.
///
/// Everyone who uses it holds a shared lock on one file; who leaves last stops the server. The
/// kernel drops the lock of a killed process, so no crash keeps the server up for ever or takes it
/// away from others.
public struct PrivatePostgres: Sendable {
  /// Where everything of this server is.
  public let home: String

  /// The server in a directory of its own.
  ///
  /// - Parameter home: An absolute path; nil for `UNROLL_HOME`, else /var/lib/unroll for root and
  ///   ~/.local/share/unroll for anyone else.
  /// - Throws: `SystemError` when there is no such place, or the path is not absolute.
  public init(home: String? = nil) throws(SystemError) {
    if let path = home ?? Environment.value("UNROLL_HOME") {
      guard path.hasPrefix("/") else {
        throw SystemError("UNROLL_HOME is \(path): an absolute path is needed")
      }
      self.home = path
    } else if Environment.isRoot {
      // Not below root's home: the server runs as another user, who can't get in there.
      self.home = "/var/lib/unroll"
    } else if let user = Environment.home {
      self.home = (Environment.value("XDG_DATA_HOME") ?? "\(user)/.local/share") + "/unroll"
    } else {
      throw SystemError("HOME is not set: name a database with --database URL, or set UNROLL_HOME")
    }
  }

  private var data: String { "\(home)/postgres" }

  /// The log of the server.
  public var log: String { "\(home)/postgres.log" }

  /// Whether a database was ever created here.
  public var exists: Bool { Environment.exists("\(data)/PG_VERSION") }

  /// What libpq needs to reach it.
  public var url: String {
    "postgresql:///unroll?host=\(Self.percentEncoded(socketDirectory))&user=unroll"
  }

  /// A socket's path has at most 107 bytes; a longer home keeps its socket in /tmp.
  private var socketDirectory: String {
    if home.utf8.count <= 80 { return home }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a
    for byte in home.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return "/tmp/unroll-\(geteuid())-\(String(hash, radix: 36))"
  }

  /// Holds the server up until it is closed.
  public final class Use: Sendable {
    private let server: PrivatePostgres
    private let users: FileLock

    fileprivate init(server: PrivatePostgres, users: consuming FileLock) {
      self.server = server
      self.users = users
    }

    /// Leaves, and stops the server if nobody else uses it.
    public func close() throws(SystemError) {
      let door = try FileLock(path: "\(server.home)/door.lock")
      door.lock(.exclusive)
      if users.tryLock(.exclusive) { try server.stop() }
      users.unlock()
    }
  }

  /// Starts the server if it does not run yet, creating its data directory the first time.
  ///
  /// - Throws: `SystemError` with what is missing and the command that mends it.
  public func use() throws(SystemError) -> Use {
    let programs = try PostgresPrograms.find(version: existingVersion)
    try prepareDirectories()
    // The door is held while the server starts or stops, so that nobody sees it half up.
    let door = try FileLock(path: "\(home)/door.lock")
    door.lock(.exclusive)
    let users = try FileLock(path: "\(home)/users.lock")
    users.lock(.shared)
    if !exists { try create(programs) }
    if try !isRunning(programs) { try start(programs) }
    return Use(server: self, users: users)
  }

  private var existingVersion: Int? {
    guard let file = fopen("\(data)/PG_VERSION", "r") else { return nil }
    defer { fclose(file) }
    var version: Int32 = 0
    return withUnsafeMutablePointer(to: &version) { pointer in
      withVaList([pointer]) { vfscanf(file, "%d", $0) } == 1 ? Int(pointer.pointee) : nil
    }
  }

  private func prepareDirectories() throws(SystemError) {
    try Environment.createDirectory(home)
    try Environment.createDirectory(socketDirectory)
    guard let owner = try Self.serverUser() else { return }
    for directory in [home, socketDirectory] {
      guard chown(directory, owner.uid, owner.gid) == 0 else {
        throw .call("cannot give \(directory) to \(owner.name)")
      }
    }
  }

  private func create(_ programs: PostgresPrograms) throws(SystemError) {
    // initdb leaves its work behind when it is killed: build beside, then rename.
    let building = "\(data).new"
    if Environment.exists(building) {
      try run(["rm", "-rf", building], failure: "cannot remove \(building)")
    }
    try run(
      [
        programs.path("initdb"), "-D", building, "-U", "unroll", "-A", "trust", "-E", "UTF8",
        "--locale=C", "--no-instructions",
      ],
      failure: "initdb failed")
    let settings = """
      listen_addresses = ''
      unix_socket_directories = '\(socketDirectory)'
      unix_socket_permissions = 0700
      max_connections = 200
      shared_buffers = 128MB

      """
    guard let file = fopen("\(building)/postgresql.auto.conf", "a") else {
      throw .call("cannot write \(building)/postgresql.auto.conf")
    }
    fputs(settings, file)
    fclose(file)
    guard rename(building, data) == 0 else { throw .call("cannot create \(data)") }
  }

  /// Stops the server as a power failure does, without a checkpoint; ``use()`` starts it again, and
  /// it recovers. For fault tests.
  package func crash() throws(SystemError) {
    let programs = try PostgresPrograms.find(version: existingVersion)
    try run(
      [programs.path("pg_ctl"), "stop", "-w", "-t", "60", "-s", "-m", "immediate", "-D", data],
      failure: "the private PostgreSQL in \(home) does not crash; its log is \(log)")
  }

  private func isRunning(_ programs: PostgresPrograms) throws(SystemError) -> Bool {
    try ChildProcess.run(
      asServerUser([programs.path("pg_ctl"), "status", "-D", data]), directory: "/",
      streams: .file("/dev/null")) == .exited(0)
  }

  private func start(_ programs: PostgresPrograms) throws(SystemError) {
    try run(
      [programs.path("pg_ctl"), "start", "-w", "-t", "60", "-s", "-D", data, "-l", log],
      failure: "the private PostgreSQL in \(home) does not start; its log is \(log)")
    // The name of the database is fixed; whether an earlier start got this far is not known.
    _ = try ChildProcess.run(
      [programs.path("createdb"), "-h", socketDirectory, "-U", "unroll", "unroll"],
      directory: "/", streams: .file("/dev/null"))
  }

  private func stop() throws(SystemError) {
    let programs = try PostgresPrograms.find(version: existingVersion)
    guard try isRunning(programs) else { return }
    try run(
      [programs.path("pg_ctl"), "stop", "-w", "-t", "60", "-s", "-m", "fast", "-D", data],
      failure: "the private PostgreSQL in \(home) does not stop; its log is \(log)")
  }

  private func run(_ command: [String], failure: String) throws(SystemError) {
    let output = "\(home)/setup.log"
    let ending = try ChildProcess.run(
      asServerUser(command), directory: "/", streams: .file(output))
    guard ending == .exited(0) else { throw SystemError("\(failure) (\(ending); see \(output))") }
  }

  /// PostgreSQL refuses to run as root: root lends it another user's name.
  private func asServerUser(_ command: [String]) throws(SystemError) -> [String] {
    guard let owner = try Self.serverUser() else { return command }
    return ["runuser", "-u", owner.name, "--"] + command
  }

  private static func serverUser() throws(SystemError) -> (name: String, uid: uid_t, gid: gid_t)? {
    guard Environment.isRoot else { return nil }
    for name in [Environment.value("UNROLL_POSTGRES_USER"), "postgres", "nobody"] {
      if let name, let entry = getpwnam(name), entry.pointee.pw_uid != 0 {
        return (name, entry.pointee.pw_uid, entry.pointee.pw_gid)
      }
    }
    throw SystemError(
      "PostgreSQL does not run as root and there is no user to lend it: "
        + "set UNROLL_POSTGRES_USER to an unprivileged one")
  }

  private static func percentEncoded(_ path: String) -> String {
    path.utf8.map { byte in
      let isPlain =
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || byte == 45 || byte == 46 || byte == 95
      return isPlain
        ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
