import CKernels

/// The version of the loops that runs on this CPU. Results of different paths differ in their last
/// digits; one path gives the same bits every time.
public enum KernelPath {
  /// The paths that this CPU can run, the plain one first and the widest last.
  public static var available: [String] {
    (0..<kernel_path_count()).map { String(cString: kernel_path_name($0)) }
  }

  /// The path in use: the widest, unless another was selected.
  public static var current: String { String(cString: kernel_path_name(kernel_path_current())) }

  /// Uses a path from now on. Only while no other thread computes.
  ///
  /// - Returns: Whether this CPU has the path.
  public static func select(_ name: String) -> Bool {
    guard let index = available.firstIndex(of: name) else { return false }
    kernel_path_select(index)
    return true
  }
}
