import FoundationEssentials
import Glibc
import Orchestration
public import Postgres

/// PgBouncer in transaction mode in front of the server of the tests.
public final class Pooler {
  /// How to connect through it.
  public let options: ConnectionOptions
  private let folder: String
  private let process: ChildProcess

  /// - Parameters:
  ///   - server: What it stands in front of, reached over a Unix socket.
  ///   - connections: How many it has to the server.
  /// - Throws: `ScratchError` or `SystemError` when it cannot be started.
  public init(for server: ConnectionOptions, connections: Int = 3) throws {
    let resolved = try server.resolved()
    // It must be whoever may enter the folder of the server's socket.
    var status = stat()
    guard stat(resolved.host, &status) == 0, let entry = getpwuid(status.st_uid) else {
      throw ScratchError("PgBouncer needs UNROLL_TEST_DATABASE to be on a Unix socket")
    }
    let owner = String(cString: entry.pointee.pw_name)
    var template = Array("/tmp/unroll-pooler-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ScratchError("no folder for PgBouncer") }
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let settings = """
      [databases]
      * = host=\(resolved.host) port=\(resolved.port) user=\(resolved.user)
      [pgbouncer]
      unix_socket_dir = \(folder)
      listen_port = 6432
      auth_type = any
      pool_mode = transaction
      default_pool_size = \(connections)
      server_login_retry = 1
      logfile = \(folder)/log
      """
    try Data(settings.utf8).write(to: URL(filePath: "\(folder)/pgbouncer.ini"))
    chown(folder, status.st_uid, status.st_gid)
    let prefix = geteuid() == status.st_uid ? [] : ["runuser", "-u", owner, "--"]
    process = try ChildProcess.start(
      prefix + ["pgbouncer", "-q", "\(folder)/pgbouncer.ini"],
      environment: ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"], directory: "/",
      streams: .file("\(folder)/output"))
    var options = server
    options.redirectedHost = folder
    options.redirectedPort = "6432"
    self.options = options
  }

  deinit { stop() }

  /// Ends it; it ends with this object at the latest.
  public func stop() {
    guard process.poll() == nil else { return }
    process.send(SIGTERM)
    _ = process.wait()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
