import Dispatch
import FoundationEssentials
import Glibc
import Orchestration
import Postgres
import Search
import TestSupport
import Testing

/// The built command, run as a user runs it, in a folder of its own.
final class Program {
  /// What a run came to.
  struct Run {
    let code: Int32
    let output: String
    let errors: String

    var lines: [String] { errors.split(separator: "\n").map(String.init) }
  }

  /// Where it runs, and where its caches are.
  let folder: String
  let database: String
  private var running: [ChildProcess] = []

  /// With a database that it is told of; the scratch database if not said.
  init(database: String? = nil) throws {
    var template = Array("/tmp/unroll-test-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    self.database = try database ?? Scratch.address
  }

  deinit {
    for process in running where process.poll() == nil {
      process.send(SIGKILL)
      _ = process.wait()
    }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// The executable lies beside the tests.
  private static func path() throws -> String {
    let tests = try ChildProcess.thisProgram()
    return tests.prefix(through: try #require(tests.lastIndex(of: "/"))) + "unroll"
  }

  private var environment: [String: String] {
    [
      "DATABASE_URL": database, "XDG_CACHE_HOME": "\(folder)/cache", "HOME": folder,
      "UNROLL_HOME": "\(folder)/home", "COLUMNS": "100",
    ]
  }

  /// Writes a file into the folder.
  func write(_ name: String, _ text: String) throws {
    try write(name, Array(text.utf8))
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
  }

  /// Imports lines of a label, a tabulator and a text as the dataset `messages`.
  func importMessages(_ lines: [String]) throws {
    try write("messages.tsv", lines.joined())
    try good(
      "dataset", "import", "messages.tsv", "--name", "messages", "--format", "tsv", "--label", "1",
      "--text", "2")
  }

  /// The text of a file in the folder; empty if there is none.
  func read(_ name: String) -> String {
    String(
      decoding: FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data(),
      as: UTF8.self)
  }

  /// Runs it to its end.
  func run(_ arguments: String...) throws -> Run { try run(arguments) }

  func run(_ arguments: [String]) throws -> Run {
    let ending = try shell("exec \"$0\" \"$@\" >output 2>errors", arguments).wait()
    guard case .exited(let code) = ending else {
      throw SystemError("unroll \(arguments) ended: \(ending)")
    }
    return Run(code: code, output: read("output"), errors: read("errors"))
  }

  /// Runs what must end well and returns what it printed.
  @discardableResult
  func good(_ arguments: String...) throws -> String {
    let run = try run(arguments)
    guard run.code == 0 else {
      throw SystemError("unroll \(arguments) ended with \(run.code): \(run.errors)")
    }
    return run.output
  }

  /// Starts it and leaves it running; it is killed with this object at the latest.
  func start(_ arguments: String...) throws -> ChildProcess { try start(arguments) }

  /// The same with further variables.
  func start(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> ChildProcess {
    let process = try shell("exec \"$0\" \"$@\" >>log 2>&1", arguments, environment)
    running.append(process)
    return process
  }

  /// Waits until something is so, a minute at most.
  func wait(_ what: Comment, until isTrue: () throws -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(60)
    let never = DispatchSemaphore(value: 0)
    while try !isTrue() {
      try #require(ContinuousClock.now < limit, what)
      _ = never.wait(timeout: .now() + .milliseconds(10))
    }
  }

  /// A sweep file as it would be enqueued.
  func spec(_ yaml: String) throws -> JSON {
    JSON(text: try SweepSpec.parse(yaml, file: "sweep.yaml", schema: .sweep).json)
  }

  /// What started ones have logged.
  var log: String { read("log") }

  private func shell(
    _ script: String, _ arguments: [String], _ more: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess.start(
      ["sh", "-c", script, Self.path()] + arguments,
      environment: environment.merging(more) { $1 }, directory: folder, streams: .background)
  }
}
