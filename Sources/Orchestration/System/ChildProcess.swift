public import Glibc

/// A process that this one started. It is waited for exactly once.
public struct ChildProcess: Sendable {
  /// How a process ended.
  public enum Ending: Equatable, Sendable, CustomStringConvertible {
    /// It returned this status.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)

    init(status: Int32) {
      let signal = status & 0x7f
      self = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }

    /// In words, for a log.
    public var description: String {
      switch self {
      case .exited(let code): "exit \(code)"
      case .signalled(let signal): "signal \(signal)"
      }
    }
  }

  /// Where a process reads from and writes to.
  public enum Streams: Sendable {
    /// The streams of this process.
    case inherited
    /// Nothing to read; errors and output go where this process writes its errors.
    case background
    /// Nothing to read; errors and output are appended to this file.
    case file(String)
  }

  /// The process id.
  public let pid: pid_t

  /// Starts a process.
  ///
  /// - Parameters:
  ///   - command: The program (searched for in PATH when it has no slash) and its arguments.
  ///   - environment: Variables that are set in addition to this process's own.
  ///   - directory: Where it starts, or nil for the directory of this process.
  ///   - streams: Where it reads from and writes to.
  /// - Returns: The process, which is to be waited for.
  /// - Throws: `SystemError` when the program can't be started.
  public static func start(
    _ command: [String], environment: [String: String] = [:], directory: String? = nil,
    streams: Streams = .inherited
  ) throws(SystemError) -> ChildProcess {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    switch streams {
    case .inherited:
      break
    case .background:
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, 2, 1)
    case .file(let path):
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }

    // Dispatch blocks the signals that this process listens for: a child starts with none blocked.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

    // glibc's own chdir action is hidden from Swift; env does the same.
    let command = directory.map { ["env", "-C", $0] + command } ?? command
    let arguments = CStrings(command)
    let variables = CStrings(environment.isEmpty ? [] : Self.environment(with: environment))
    defer {
      arguments.free()
      variables.free()
    }
    var pid: pid_t = 0
    let code = posix_spawnp(
      &pid, command[0], &actions, &attributes, arguments.pointers,
      environment.isEmpty ? environ : variables.pointers)
    guard code == 0 else { throw .call("cannot start \(command[0])", code: code) }
    return ChildProcess(pid: pid)
  }

  /// The path of the running program, to start it once more.
  public static func thisProgram() throws(SystemError) -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &path, Int(PATH_MAX))
    guard count > 0 else { throw .call("cannot find the path of this program") }
    return String(decoding: path[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Starts a process, waits for it, and returns how it ended.
  ///
  /// - Throws: `SystemError` when the program can't be started.
  public static func run(
    _ command: [String], environment: [String: String] = [:], directory: String? = nil,
    streams: Streams = .inherited
  ) throws(SystemError) -> Ending {
    try start(command, environment: environment, directory: directory, streams: streams).wait()
  }

  /// Waits until the process has ended.
  public func wait() -> Ending {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
    return Ending(status: status)
  }

  /// How the process ended, or nil while it runs.
  public func poll() -> Ending? {
    var status: Int32 = 0
    return waitpid(pid, &status, WNOHANG) == pid ? Ending(status: status) : nil
  }

  /// Sends a signal.
  public func send(_ signal: Int32) {
    kill(pid, signal)
  }

  private static func environment(with changes: [String: String]) -> [String] {
    var variables: [String] = []
    var pointer = environ
    while let entry = pointer.pointee {
      let text = String(cString: entry)
      let name = text.prefix { $0 != "=" }
      if changes[String(name)] == nil { variables.append(text) }
      pointer += 1
    }
    return variables + changes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }
}

/// A null-terminated list of C strings, as exec wants it.
private struct CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    pointers = .allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
    pointers[strings.count] = nil
  }

  func free() {
    for index in 0..<count { Glibc.free(pointers[index]) }
    pointers.deallocate()
  }
}
