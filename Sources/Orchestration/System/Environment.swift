import Glibc

/// The variables and standard places of this process.
enum Environment {
  /// The value of a variable that is set and not empty.
  static func value(_ name: String) -> String? {
    guard let pointer = getenv(name) else { return nil }
    let value = String(cString: pointer)
    return value.isEmpty ? nil : value
  }

  /// The directory of the user, or nil when nobody set one.
  static var home: String? { value("HOME") }

  static var isRoot: Bool { geteuid() == 0 }

  /// Creates a directory and its parents.
  static func createDirectory(_ path: String, mode: mode_t = 0o700) throws(SystemError) {
    var partial = ""
    for part in path.split(separator: "/") {
      partial += "/" + part
      if mkdir(partial, partial == path ? mode : 0o755) == -1 && errno != EEXIST {
        throw .call("cannot create the directory \(partial)")
      }
    }
  }

  /// Whether a file or directory exists.
  static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }
}
