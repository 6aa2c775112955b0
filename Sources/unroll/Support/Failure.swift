import ArgumentParser
import Orchestration
import Search
import Training

/// What a person asked about came to a bad end, which is not the fault of how it was asked: exit
/// code 1.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// What the command does with an error: one line, and an exit code.
enum ErrorReport {
  /// Tells of an error on standard error.
  ///
  /// - Returns: The code to exit with: 1 for a ``Failure``, 2 for input or a set-up that a person has
  ///   to mend.
  static func code(_ error: any Error) -> Int32 {
    switch error {
    case let code as ExitCode:
      return code.rawValue
    case let failure as Failure:
      Terminal.complain("unroll: \(failure)")
      return 1
    case is StalledError:
      Terminal.complain("unroll: \(error)")
      return 70  // EX_SOFTWARE: whoever supervises the worker starts another one
    case let errors as SpecErrors:
      // Each begins with its file and line, as compilers' do, so that editors find the place.
      for error in errors.errors { Terminal.complain("\(error)") }
    case is SpecError, is ImportError:
      Terminal.complain("\(error)")
    default:
      Terminal.complain("unroll: \(error)")
    }
    return 2
  }

  /// The same for an error of the command line itself, or for a wish for help, which is none.
  static func code(parsing error: any Error) -> Int32 {
    let message = Unroll.fullMessage(for: error)
    guard Unroll.exitCode(for: error) != .success else {
      print(message)
      return 0
    }
    Terminal.complain(message)
    return 2
  }
}
