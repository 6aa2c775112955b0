import Dispatch
import Glibc
public import Logging

/// Keeps a few processes running until it is told to stop: what `unroll up` is.
///
/// Each daemon is a process of its own, so that a crash, or a kill, of one takes no trial of
/// another with it.
public struct Supervisor {
  /// A process to keep running.
  public struct Role: Sendable {
    let name: String
    let command: [String]
    let environment: [String: String]

    /// - Parameters:
    ///   - name: What the log calls it.
    ///   - command: The program and its arguments.
    ///   - environment: Variables beside those of this process.
    public init(name: String, command: [String], environment: [String: String]) {
      self.name = name
      self.command = command
      self.environment = environment
    }
  }

  private struct Child {
    let role: Role
    var process: ChildProcess?
    var restart: RestartDelay
  }

  private let roles: [Role]
  private let logger: Logger
  private let patience: Duration

  /// - Parameters:
  ///   - roles: The processes; they are started in this order and stopped in the reverse one.
  ///   - logger: Tells of starts and ends.
  ///   - patience: How long a process may take to stop before it is killed.
  public init(roles: [Role], logger: Logger, patience: Duration = .seconds(30)) {
    self.roles = roles
    self.logger = logger
    self.patience = patience
  }

  /// Starts everything, restarts what dies, and stops everything when `shutdown` is requested.
  ///
  /// - Returns: 0 after a requested stop; the status of a process that ended with 2, which says that
  ///   its configuration is wrong and no restart will help.
  /// - Throws: `SystemError` when a process can't be started at all.
  public func run(until shutdown: Shutdown) throws(SystemError) -> Int32 {
    var children: [Child] = []
    defer { stop(&children) }
    for role in roles {
      children.append(Child(role: role, process: try start(role), restart: RestartDelay()))
    }
    while !shutdown.wait(.milliseconds(100)) {
      let now = ContinuousClock.now
      for index in children.indices {
        let role = children[index].role
        if let process = children[index].process {
          guard let ending = process.poll() else { continue }
          children[index].process = nil
          if ending == .exited(2) { return 2 }
          let delay = children[index].restart.ended(at: now)
          logger.warning(
            "\(role.name) ended (\(ending)); it is started again",
            metadata: ["pid": "\(process.pid)", "in": "\(delay)"])
        } else if children[index].restart.isDue(at: now) {
          children[index].process = try start(role)
          children[index].restart.started(at: now)
        }
      }
    }
    return 0
  }

  private func start(_ role: Role) throws(SystemError) -> ChildProcess {
    let process = try ChildProcess.start(
      role.command, environment: role.environment, streams: .background)
    logger.info("\(role.name) started", metadata: ["pid": "\(process.pid)"])
    return process
  }

  private func stop(_ children: inout [Child]) {
    // Workers first: they give their trials back while the scheduler still leads.
    for child in children.reversed() { child.process?.send(SIGTERM) }
    let deadline = ContinuousClock.now + patience
    for index in children.indices.reversed() {
      guard let process = children[index].process else { continue }
      var ending = process.poll()
      while ending == nil && ContinuousClock.now < deadline {
        usleep(20_000)
        ending = process.poll()
      }
      if ending == nil {
        logger.error("\(children[index].role.name) does not stop; it is killed")
        process.send(SIGKILL)
        ending = process.wait()
      }
      logger.info("\(children[index].role.name) stopped", metadata: ["pid": "\(process.pid)"])
      children[index].process = nil
    }
  }
}

/// How long to wait before a process is started again: twice as long after each quick end.
package struct RestartDelay: Equatable, Sendable {
  private var delay: Duration = .milliseconds(250)
  private var startedAt: ContinuousClock.Instant?
  private var dueAt: ContinuousClock.Instant?

  package init() {}

  package mutating func started(at now: ContinuousClock.Instant) {
    startedAt = now
    dueAt = nil
  }

  /// - Returns: How long the next start has to wait.
  package mutating func ended(at now: ContinuousClock.Instant) -> Duration {
    if let startedAt, now - startedAt > .seconds(60) { delay = .milliseconds(250) }
    defer { delay = min(delay * 2, .seconds(10)) }
    dueAt = now + delay
    return delay
  }

  package func isDue(at now: ContinuousClock.Instant) -> Bool {
    dueAt.map { now >= $0 } ?? false
  }
}
