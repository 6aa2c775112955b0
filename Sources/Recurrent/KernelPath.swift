import CKernels

/// The version of the loops that runs on this CPU. Results of different paths differ in their last
/// digits; one path gives the same bits every time.
public enum KernelPath {
  /// The paths that this CPU can run, the plain one first and the widest last.
  public static var available: [String] {
    (0..<kernel_path_count()).map { String(cString: kernel_path_name($0)) }
  }

  /// The path that computes what `amx` would, slowly, on any CPU; for ``using(_:_:)`` in tests alone.
  package static var emulated: String { String(cString: kernel_path_name(kernel_path_count())) }

  /// The path that this thread uses: the widest, unless it is inside ``using(_:_:)``.
  public static var current: String { String(cString: kernel_path_name(kernel_path_current())) }

  /// Takes a path of ``available`` for the whole process. To be called before threads start.
  ///
  /// - Returns: Whether this CPU has it.
  public static func force(_ name: String) -> Bool {
    guard let index = available.firstIndex(of: name) else { return false }
    kernel_path_set_default(index)
    return true
  }

  /// Runs `body` with a path of ``available`` on this thread, to compare paths with each other.
  public static func using<Result, Failure: Error>(
    _ name: String, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let index = (available + [emulated]).firstIndex(of: name) else {
      preconditionFailure("this CPU has no path named \(name), but \(available)")
    }
    let former = kernel_path_current()
    kernel_path_select(index)
    defer { kernel_path_select(former) }
    return try body()
  }

  /// Runs `rounds` of multiply-adds that wait for nothing, in single precision.
  ///
  /// - Returns: The number of floating-point operations: over the time that the call took, the peak
  ///   of the path that this thread uses, at the clock of the moment.
  public static func probePeak(rounds: Int) -> Double {
    let kernels = Float.kernels
    // The result is looked at, so that the loop cannot be left out.
    let isNumber = kernels.peakProbe(rounds, 0.5).isFinite
    return isNumber ? Double(rounds * kernels.peakProbeOperations()) : .nan
  }
}
