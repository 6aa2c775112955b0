import Glibc

/// The value of a variable of this process's environment.
func environmentVariable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}

/// The number of this process.
func processNumber() -> Int32 { getpid() }
