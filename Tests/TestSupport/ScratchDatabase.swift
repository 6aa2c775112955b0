public import Postgres
import Synchronization
public import Testing

/// A database, or a schema in one, that exists for one suite or one test.
///
/// The server is named by the variable `UNROLL_TEST_DATABASE`: a URL or keywords of a database whose
/// user may create databases. Without it the tests fail: a skipped test would look like a passed one.
public enum Scratch {
  @TaskLocal private static var options: ConnectionOptions?

  /// How to connect to the scratch database or schema of the running test.
  ///
  /// A thread that the test starts by itself has none: hand them over.
  public static var database: ConnectionOptions {
    get throws {
      guard let options else {
        throw ScratchError("this test has neither .scratchDatabase nor .scratchSchema")
      }
      return options
    }
  }

  /// The server of the tests, with its maintenance database.
  public static var server: ConnectionOptions {
    get throws {
      guard let text = environmentVariable("UNROLL_TEST_DATABASE"), !text.isEmpty else {
        throw ScratchError(
          "UNROLL_TEST_DATABASE is not set: run deploy/test, or name a database whose user may "
            + "create databases")
      }
      var options = ConnectionOptions(text)
      options.applicationName = "unroll tests"
      return options
    }
  }

  private static let count = Atomic<Int>(0)

  /// A name that no other test of this or another running process uses.
  static func newName() -> String {
    let (number, _) = count.add(1, ordering: .relaxed)
    let random = String(UInt32.random(in: 0 ... .max), radix: 36)
    return "unroll_test_\(processNumber())_\(number)_\(random)"
  }

  static func run(
    with options: ConnectionOptions, _ body: @Sendable () async throws -> Void
  ) async throws {
    try await $options.withValue(options, operation: body)
  }
}

/// Why a test has no database, in one line.
public struct ScratchError: Error, CustomStringConvertible {
  /// The line.
  public let description: String
  init(_ description: String) { self.description = description }
}

/// Gives a suite, or a test, a freshly created database of its own and drops it afterwards.
public struct ScratchDatabaseTrait: SuiteTrait, TestTrait, TestScoping {
  /// Whether the tests of a suite get one each instead of one together.
  public let isRecursive: Bool

  /// Once for a suite, or once for each of its tests; for a test, once for each of its cases.
  public func scopeProvider(for test: Test, testCase: Test.Case?) -> ScratchDatabaseTrait? {
    (test.isSuite && !isRecursive) || testCase != nil ? self : nil
  }

  /// Creates the database, runs the tests and drops it, also if they throw.
  public func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @Sendable () async throws -> Void
  ) async throws {
    var options = try Scratch.server
    let name = Scratch.newName()
    try Connection(options).execute("create database \(name) template template0")
    defer {
      // Whoever is still connected is a test that failed; it must not keep the database.
      do {
        try Connection(options.with(database: nil))
          .execute("drop database if exists \(name) with (force)")
      } catch {
        Issue.record("the scratch database \(name) could not be dropped: \(error)")
      }
    }
    options.database = name
    try await Scratch.run(with: options, function)
  }
}

/// Gives a suite, or a test, an empty schema of its own, first in the search path, and drops it.
public struct ScratchSchemaTrait: SuiteTrait, TestTrait, TestScoping {
  /// Whether the tests of a suite get one each instead of one together.
  public let isRecursive: Bool

  /// Once for a suite, or once for each of its tests; for a test, once for each of its cases.
  public func scopeProvider(for test: Test, testCase: Test.Case?) -> ScratchSchemaTrait? {
    (test.isSuite && !isRecursive) || testCase != nil ? self : nil
  }

  /// Creates the schema, runs the tests and drops it, also if they throw.
  public func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @Sendable () async throws -> Void
  ) async throws {
    var options = try Scratch.server
    let server = options
    let name = Scratch.newName()
    try Connection(server).execute("create schema \(name)")
    defer {
      do {
        try Connection(server).execute("drop schema if exists \(name) cascade")
      } catch {
        Issue.record("the scratch schema \(name) could not be dropped: \(error)")
      }
    }
    options.settings["search_path"] = name
    try await Scratch.run(with: options, function)
  }
}

extension Trait where Self == ScratchDatabaseTrait {
  /// A database of its own for a suite or a test; see ``Scratch/database``.
  public static var scratchDatabase: Self { Self(isRecursive: false) }
  /// A database for each test of a suite, whose tests run side by side and must not meet.
  public static var scratchDatabaseForEach: Self { Self(isRecursive: true) }
}

extension Trait where Self == ScratchSchemaTrait {
  /// A schema of its own for a suite or a test; see ``Scratch/database``.
  public static var scratchSchema: Self { Self(isRecursive: false) }
  /// A schema for each test of a suite, whose tests run side by side and must not meet.
  public static var scratchSchemaForEach: Self { Self(isRecursive: true) }
}

extension ConnectionOptions {
  /// The same server with another database.
  func with(database: String?) -> ConnectionOptions {
    var options = self
    options.database = database
    return options
  }
}

extension Scratch {
  /// The scratch database of the running test, as a program is told of it.
  public static var address: String {
    get throws {
      let text = environmentVariable("UNROLL_TEST_DATABASE") ?? ""
      guard let name = try database.database else {
        throw ScratchError("a program needs a database of its own: .scratchDatabase")
      }
      guard let scheme = text.firstRange(of: "://")?.upperBound else {
        return "\(text) dbname=\(name)"
      }
      // postgresql://user@host:port/NAME?words
      let rest = text[scheme...]
      let query = rest.firstIndex(of: "?").map { String(rest[$0...]) } ?? ""
      let server = rest.prefix { $0 != "/" && $0 != "?" }
      return "\(text[..<scheme])\(server)/\(name)\(query)"
    }
  }
}
