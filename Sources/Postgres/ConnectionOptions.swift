import CPostgres
import Glibc

/// Where a server is and how to talk to it, in the words that every libpq program understands.
public struct ConnectionOptions: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  /// A URL (`postgresql://…`) or keywords (`host=… dbname=…`); nil leaves everything to the `PG*`
  /// variables, service files, password files and libpq's defaults, which also fill what a text
  /// leaves open. May hold a password: never print it.
  package var text: String?
  /// A database to use instead of the one that is named otherwise.
  public var database: String?
  /// The name that the server shows for this connection, unless the user has set one.
  public var applicationName = "unroll"
  /// How long connecting may take, for each host, unless the user has set `connect_timeout`.
  public var connectTimeout: Duration = .seconds(5)
  /// How long a call may take that does not say otherwise; nil waits for ever.
  public var callTimeout: Duration? = .seconds(60)
  /// Whether a statement that comes again is kept prepared on the server.
  ///
  /// Behind a pooler in transaction mode it turns itself off as soon as it is noticed.
  public var preparesStatements = true
  /// Server settings for the session, such as `search_path`; PgBouncer refuses most of them.
  public var settings: [String: String] = [:]

  /// Where to go instead of the host that is named otherwise; for proxies in tests.
  package var redirectedHost: String?
  /// The port of that place.
  package var redirectedPort: String?

  /// Options out of a URL or keywords; nil or an empty text leaves everything to the environment.
  public init(_ text: String? = nil) {
    self.text = text.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The server, the database and the user, without a password.
  public var description: String {
    guard let options = try? resolved() else { return "an unreadable database address" }
    return "database \"\(options.database)\" at \(options.place) as \"\(options.user)\""
  }

  /// The same as ``description``: a dump must not show a password either.
  public var debugDescription: String { description }
}

extension ConnectionOptions: CustomReflectable {
  /// Shows nothing but the description, so that `dump` and failed tests show no password.
  public var customMirror: Mirror { Mirror(self, children: ["server": description]) }
}

/// The options after libpq has added variables, services and defaults.
package struct ResolvedOptions: Sendable {
  fileprivate let values: [String: String]
  fileprivate let chosen: Set<String>

  package var host: String { values["host"] ?? values["hostaddr"] ?? "localhost" }
  package var port: String { values["port"] ?? "5432" }
  package var user: String { values["user"] ?? "" }
  package var database: String { values["dbname"] ?? user }

  /// Where the server is, for a person: `/run/postgresql (socket)` or `host:5432`.
  package var place: String {
    let addresses = values["hostaddr"].map { $0.split(separator: ",") } ?? []
    let hosts = (values["host"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
    let ports = port.split(separator: ",", omittingEmptySubsequences: false)
    let count = max(addresses.count, hosts.count)
    return (0..<max(count, 1)).map { index in
      let name = index < hosts.count ? hosts[index] : ""
      let address = index < addresses.count ? addresses[index] : ""
      let port = index < ports.count ? ports[index] : ports.first ?? "5432"
      if name.isEmpty, address.isEmpty { return "the default socket, port \(port)" }
      if name.hasPrefix("/") || name.hasPrefix("@") { return "\(name) (socket, port \(port))" }
      return "\(name.isEmpty ? address : name):\(port)"
    }.joined(separator: ", ")
  }

  /// The places that libpq would try in turn, each as options that replace the lists.
  var places: [[String: String]] {
    func list(_ keyword: String) -> [String] {
      guard let value = values[keyword], !value.isEmpty else { return [] }
      return value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
    let count = max(hosts.count, addresses.count)
    guard count > 1 else { return [[:]] }
    return (0..<count).map { index in
      var place: [String: String] = [:]
      if index < hosts.count { place["host"] = hosts[index] }
      if index < addresses.count { place["hostaddr"] = addresses[index] }
      if ports.count > 1, index < ports.count { place["port"] = ports[index] }
      return place
    }
  }

  /// Refuses, without showing them, a host and a port that come from an unescaped password.
  fileprivate func checkPlaces() throws {
    for port in port.split(separator: ",") {
      guard let number = Int(port), (1...65_535).contains(number) else {
        throw PostgresError.badAddress("a port is not a number from 1 to 65535")
      }
    }
    for host in (self["host"] ?? "").split(separator: ",") where host.dropFirst().contains("@") {
      throw PostgresError.badAddress("a host has an @ in its name")
    }
  }

  /// Whether the user has said something about it: in the text, a variable or a service file.
  func isChosen(_ keyword: String) -> Bool { chosen.contains(keyword) }
  subscript(keyword: String) -> String? { values[keyword] }
}

extension ConnectionOptions {
  /// What libpq makes of the text and the environment, found without touching the network.
  package func resolved() throws -> ResolvedOptions {
    try checkScheme()
    var words = text.map { [("dbname", $0)] } ?? []
    if let database { words.append(("dbname", database)) }
    // libpq fills its options, then checks them, then connects: a value that no check lets pass
    // stops it between the two, and PQconninfo tells what it has found.
    let probe = Self.start(words + [("ssl_min_protocol_version", "stop here")])
    guard let probe else { throw PostgresError(.unexpected, "libpq has no memory") }
    defer { PQfinish(probe) }
    let complaint = String(cString: PQerrorMessage(probe))
    guard complaint.contains("ssl_min_protocol_version") else {
      throw unreadable(complaint)
    }
    let explicit = text.flatMap { $0.contains("=") || $0.contains("://") ? $0 : nil }
    var chosen = Set(explicit.map { Self.list(PQconninfoParse($0, nil)).keys } ?? [:].keys)
    var values: [String: String] = [:]
    let all = PQconninfo(probe)
    defer { PQconninfoFree(all) }
    var option = all
    while let entry = option?.pointee, let keyword = entry.keyword {
      let name = String(cString: keyword)
      if let value = entry.val.map({ String(cString: $0) }), !value.isEmpty {
        values[name] = value
        if value != entry.compiled.map({ String(cString: $0) }) { chosen.insert(name) }
      }
      if let variable = entry.envvar, getenv(variable) != nil { chosen.insert(name) }
      option = option?.advanced(by: 1)
    }
    let options = ResolvedOptions(values: values, chosen: chosen)
    try options.checkPlaces()
    return options
  }

  /// What is handed to libpq: the user's text first, then what it leaves open.
  func words(_ options: ResolvedOptions, place: [String: String]) -> [(String, String)] {
    var words: [(String, String)] = text.map { [("dbname", $0)] } ?? []
    if let database { words.append(("dbname", database)) }
    words += place.map { ($0.key, $0.value) }
    if let redirectedHost { words.append(("host", redirectedHost)) }
    if let redirectedPort { words.append(("port", redirectedPort)) }
    words.append(("client_encoding", "UTF8"))
    words.append(("fallback_application_name", applicationName))
    // gssencmode's default asks for a Kerberos ticket first, which costs a round trip or more.
    // The others find a dead peer in half a minute, where the kernel takes fifteen minutes.
    for (keyword, value) in [
      ("gssencmode", "disable"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
      ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
    ] where !options.isChosen(keyword) {
      words.append((keyword, value))
    }
    if !settings.isEmpty {
      let escaped = settings.sorted { $0.key < $1.key }.map { name, value in
        "-c \(name)="
          + value.map { $0 == " " || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
      }
      let own = options["options"].map { [$0] } ?? []
      words.append(("options", (own + escaped).joined(separator: " ")))
    }
    return words
  }

  /// How long connecting to one host may take; nil waits for ever, as `connect_timeout=0` asks for.
  func patience(_ options: ResolvedOptions) -> Duration? {
    guard let value = options["connect_timeout"], let seconds = Int(value) else {
      return connectTimeout
    }
    // libpq takes less than two seconds for two.
    return seconds <= 0 ? nil : .seconds(max(seconds, 2))
  }

  static func start(_ words: [(String, String)]) -> OpaquePointer? {
    withCStrings(words.map { Array($0.0.utf8CString) }) { keywords in
      withCStrings(words.map { Array($0.1.utf8CString) }) { values in
        PQconnectStartParams(keywords, values, 1)
      }
    }
  }

  private static func list(
    _ options: UnsafeMutablePointer<PQconninfoOption>?
  ) -> [String: String] {
    defer { PQconninfoFree(options) }
    var found: [String: String] = [:]
    var option = options
    while let entry = option?.pointee, let keyword = entry.keyword {
      if let value = entry.val { found[String(cString: keyword)] = String(cString: value) }
      option = option?.advanced(by: 1)
    }
    return found
  }

  /// libpq would take a URL of another scheme for the name of a database.
  private func checkScheme() throws {
    guard let text, let end = text.firstRange(of: "://")?.lowerBound else { return }
    let scheme = text[..<end]
    let isWord = scheme.allSatisfy { $0.isLetter || $0.isNumber || $0 == "+" || $0 == "-" }
    if isWord, scheme != "postgresql", scheme != "postgres" {
      throw PostgresError(
        .badOptions, "the database's URL begins with neither postgresql:// nor postgres://")
    }
  }

  /// libpq quotes what it cannot read, and that may be a piece of a password: show no quotation.
  private func unreadable(_ complaint: String) -> PostgresError {
    var shown = ""
    var inside = false
    for character in complaint {
      if character == "\"" {
        shown += inside ? "…\"" : "\""
        inside.toggle()
      } else if !inside {
        shown.append(character)
      }
    }
    return .badAddress(PostgresError.oneLine(shown))
  }
}

/// Calls `body` with a NULL-terminated list of pointers to the texts, each of which ends with zero.
private func withCStrings<R>(
  _ texts: [[CChar]], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
) -> R {
  var offsets: [Int] = []
  var joined: [CChar] = []
  for text in texts {
    offsets.append(joined.count)
    joined += text
  }
  return joined.withUnsafeBufferPointer { buffer in
    var pointers = offsets.map { buffer.baseAddress?.advanced(by: $0) }
    pointers.append(nil)
    return pointers.withUnsafeBufferPointer { list in
      guard let base = list.baseAddress else { preconditionFailure("the list ends with nil") }
      return body(base)
    }
  }
}

extension PostgresError {
  fileprivate static func badAddress(_ reason: String) -> PostgresError {
    PostgresError(
      .badOptions, "the database's address cannot be read: \(reason)",
      hint: "write postgresql://user@host:port/database, special characters as %XX, "
        + "or host=… dbname=…")
  }
}
