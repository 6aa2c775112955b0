import CPostgres

extension ConnectionOptions {
  /// Opens a connection, trying the hosts in turn, each with its own deadline.
  ///
  /// libpq's blocking call would do the same, but cannot say the SQLSTATE of a refusal; and its
  /// polling call alone would stay with a first host that never answers.
  func connect() throws -> OpaquePointer {
    let options = try resolved()
    var places = options.places.map { place in words(options, place: place) }
    if places.count > 1, options["target_session_attrs"] == "prefer-standby" {
      places =
        places.map { $0 + [("target_session_attrs", "standby")] }
        + places.map { $0 + [("target_session_attrs", "any")] }
    }
    // Among several, one is the primary: who landed on a standby could write nothing.
    if places.count > 1, !options.isChosen("target_session_attrs") {
      places = places.map { $0 + [("target_session_attrs", "read-write")] }
    }
    var failures: [PostgresError] = []
    for words in places {
      do {
        return try connect(words, patience: patience(options), options: options)
      } catch let error as PostgresError {
        // A wrong password is wrong on every host, and libpq does not go on either.
        if error.code == .authentication { throw error }
        failures.append(error)
      }
    }
    guard var error = failures.last else { preconditionFailure("there is always a place to try") }
    if failures.count > 1 {
      error.message = failures.map(\.message).joined(separator: "; ")
    }
    throw error
  }

  private func connect(
    _ words: [(String, String)], patience: Duration?, options: ResolvedOptions
  ) throws -> OpaquePointer {
    let deadline = Deadline(after: patience)
    guard let handle = Self.start(words) else {
      throw PostgresError(.unexpected, "libpq has no memory")
    }
    var isConnected = false
    defer { if !isConnected { PQfinish(handle) } }
    // Only the verbose form of a refusal has the SQLSTATE in it.
    PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
    // Notices of the connection's beginning would go to the standard error output.
    PQsetNoticeReceiver(handle, { _, _ in }, nil)
    guard PQstatus(handle) != CONNECTION_BAD else { throw refusal(handle, options) }
    var state = PGRES_POLLING_WRITING
    while state != PGRES_POLLING_OK {
      let wanted: Readiness = state == PGRES_POLLING_READING ? .read : .write
      // The socket may be another one after each step: libpq tries all addresses of a name.
      if try wanted.wait(on: PQsocket(handle), until: deadline).isEmpty {
        throw PostgresError(
          .unreachable,
          "cannot reach PostgreSQL at \(place(handle, options)): no answer within "
            + "\(patience ?? .zero)", hint: Self.advice)
      }
      state = PQconnectPoll(handle)
      if state == PGRES_POLLING_FAILED { throw refusal(handle, options) }
    }
    PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
    isConnected = true
    return handle
  }

  private static let advice =
    "is it running? name one with --database URL, DATABASE_URL or PG* variables"

  private func place(_ handle: OpaquePointer, _ options: ResolvedOptions) -> String {
    guard let host = PQhost(handle).map({ String(cString: $0) }), !host.isEmpty else {
      return options.place
    }
    let port = PQport(handle).map { String(cString: $0) } ?? ""
    if host.hasPrefix("/") || host.hasPrefix("@") {
      return port == "5432" ? "\(host) (socket)" : "\(host) (socket, port \(port))"
    }
    return "\(host):\(port)"
  }

  /// What libpq says about a failed attempt, in one line with a code.
  private func refusal(_ handle: OpaquePointer, _ options: ResolvedOptions) -> PostgresError {
    let lines = String(cString: PQerrorMessage(handle)).split(separator: "\n").map(String.init)
    let place = place(handle, options)
    if let said = lines.compactMap(Self.serverWords).last {
      let isRefused =
        said.state.hasPrefix("28") || PQconnectionNeedsPassword(handle) == 1
      return PostgresError(
        isRefused ? .authentication : .server,
        "PostgreSQL at \(place) refuses the connection: \(said.message)", sqlState: said.state)
    }
    if PQconnectionNeedsPassword(handle) == 1 {
      return PostgresError(
        .authentication, "PostgreSQL at \(place) asks user \"\(options.user)\" for a password",
        hint: "put it into PGPASSWORD, a password file or the URL")
    }
    let reasons = lines.compactMap { line -> String? in
      if line.hasPrefix("\t") || line.hasPrefix("LOCATION") { return nil }
      return line.firstRange(of: " failed: ").map { String(line[$0.upperBound...]) } ?? line
    }
    var unique: [String] = []
    for reason in reasons where !unique.contains(reason) { unique.append(reason) }
    return PostgresError(
      .unreachable, "cannot reach PostgreSQL at \(place): \(unique.joined(separator: "; "))",
      hint: Self.advice)
  }

  /// `… FATAL:  3D000: database "x" does not exist` → its SQLSTATE and its words.
  private static func serverWords(_ line: String) -> (state: String, message: String)? {
    guard let start = line.firstRange(of: ":  ")?.upperBound else { return nil }
    let rest = line[start...]
    guard let colon = rest.firstRange(of: ": ") else { return nil }
    let state = rest[..<colon.lowerBound]
    guard state.count == 5, state.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) })
    else { return nil }
    return (String(state), String(rest[colon.upperBound...]))
  }
}
