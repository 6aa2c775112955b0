/// Which database is meant, by the rules that libpq's users know.
public enum DatabaseLocation: Sendable {
  /// A connection string or URL that was named; nil leaves everything to the PG* variables.
  case named(String?)
  /// Nobody named one.
  case privateServer(PrivatePostgres)

  /// Looks at `--database`, then DATABASE_URL, then PGHOST, PGHOSTADDR, PGDATABASE and PGSERVICE.
  ///
  /// - Parameter flag: The value of `--database`, if it was given.
  /// - Returns: The database that is meant.
  /// - Throws: `SystemError` when there is no place for a private server.
  public static func resolve(flag: String?) throws(SystemError) -> DatabaseLocation {
    if let url = flag ?? Environment.value("DATABASE_URL") { return .named(url) }
    for variable in ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"]
    where Environment.value(variable) != nil {
      return .named(nil)
    }
    return .privateServer(try PrivatePostgres())
  }
}
