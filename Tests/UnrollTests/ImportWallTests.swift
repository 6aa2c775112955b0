import FoundationEssentials
import Testing

/// The walls between the targets. Package.swift says which targets may see each other; this says
/// who may import what else, and what must not be written where.
@Suite struct ImportWallTests {
  /// What each target may import, and nothing else. Foundation, whose start costs every process
  /// twenty milliseconds and whose parts call clocks and files, is nowhere among it.
  static let allowed: [String: Set<String>] = [
    "Philox": [],
    // Mathematics: no files, no clocks, no threads. Glibc is here for exp, tanh and aligned memory.
    "Recurrent": ["CKernels", "COpenBLAS", "Philox", "Glibc"],
    "Training": ["Recurrent", "Philox", "CZlib", "Crypto", "FoundationEssentials", "Glibc"],
    "Search": ["Philox", "Yams"],
    // Values in, text out: nothing of the database, nothing of how models are trained.
    "Pictures": ["Glibc"],
    "Postgres": ["CPostgres", "FoundationEssentials", "Glibc", "Synchronization"],
    "Store": ["Postgres", "FoundationEssentials"],
    "Orchestration": [
      "Recurrent", "Training", "Search", "Store", "Postgres", "Philox", "Dispatch", "Logging",
      "Synchronization", "FoundationEssentials", "Glibc",
    ],
    "unroll": [
      "Orchestration", "Store", "Search", "Training", "Postgres", "Pictures", "ArgumentParser",
      "Dispatch", "Logging", "Synchronization", "FoundationEssentials", "Glibc",
    ],
  ]

  /// What must not be written in a target, as words of its sources.
  static let forbidden: [String: [String]] = [
    "Philox": clocks + threads + files + chance,
    "Recurrent": clocks + threads + files + chance,
    "Search": clocks + threads + files + chance,
    "Pictures": clocks + threads + files + chance + sql,
    // A trial depends on its plan and its data alone.
    "Training": clocks + threads + chance,
    "Store": clocks + threads,
    "Orchestration": sql,
    // Its help shows questions in SQL, but none to private tables.
    "unroll": sql.filter { $0 != "select * from" },
  ]

  static let clocks = [
    "ContinuousClock", "SuspendingClock", "clock_gettime", "gettimeofday", "Date.now", "Date()",
  ]
  static let threads = ["DispatchQueue", "pthread_create", "await ", "Task.detached", "Thread("]
  static let files = ["fopen", "FileManager", "contentsOfFile", "getenv"]
  static let chance = ["SystemRandomNumberGenerator", ".random(in:", ".shuffled()", "UUID()"]
  static let sql = ["insert into ", "delete from ", "unroll_internal", "select * from"]

  static let sources = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources").path

  /// All that breaks a wall in one file of a target.
  static func breaches(_ text: String, target: String) -> [String] {
    var found: [String] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
      let words = code.split { $0 == " " || $0 == "." || $0 == ";" }
      if let place = words.firstIndex(of: "import"), words[..<place].allSatisfy(isModifier) {
        let kinds: Set<Substring> = ["struct", "class", "enum", "func", "var", "protocol"]
        let module = words[(place + 1)...].first { !kinds.contains($0) } ?? ""
        if !allowed[target, default: []].contains(String(module)) {
          found.append("line \(number + 1): \(target) imports \(module)")
        }
      }
      for word in forbidden[target, default: []] where code.contains(word) {
        found.append("line \(number + 1): \(target) says \(word)")
      }
    }
    return found
  }

  private static func isModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@")
      || ["public", "package", "internal", "fileprivate", "private"].contains(word)
  }

  static func files(_ target: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(sources)/\(target)")
      .filter { $0.hasSuffix(".swift") }.map { "\(sources)/\(target)/\($0)" }
  }

  @Test(arguments: allowed.keys.sorted())
  func `nothing crosses a wall`(target: String) throws {
    let files = try Self.files(target)
    #expect(!files.isEmpty)
    for file in files {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      #expect(Self.breaches(text, target: target) == [], "\(file)")
    }
  }

  @Test func `every target with Swift sources has its walls`() throws {
    let targets = try FileManager.default.contentsOfDirectory(atPath: Self.sources)
    let withSwift = try targets.filter { try !Self.files($0).isEmpty }
    #expect(Set(withSwift) == Set(Self.allowed.keys))
  }

  @Test(arguments: [
    ("Recurrent", "import Dispatch"), ("Recurrent", "let now = ContinuousClock.now"),
    ("Search", "@testable internal import Store"), ("Store", "import CPostgres"),
    ("Training", "public import struct Foundation.Date"), ("Training", "DispatchQueue.main"),
    ("Orchestration", "query(\"select * from unroll.trials\")"),
    ("unroll", "import COpenBLAS"), ("Philox", "  import Glibc"),
    ("Pictures", "import Store"), ("Pictures", "let rows = \"select * from unroll.trials\""),
  ])
  func `a breach is found`(target: String, line: String) {
    #expect(Self.breaches("let a = 1\n\(line)\n", target: target).count == 1)
  }

  @Test func `comments may speak of what code must not`() {
    #expect(Self.breaches("// import Dispatch, DispatchQueue\n", target: "Recurrent") == [])
  }
}
