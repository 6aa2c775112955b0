import Recurrent

/// What a user decides about this machine.
public enum Machine {
  /// Takes the kernels that `UNROLL_KERNELS` names, if it is set. To be called before threads start.
  ///
  /// - Throws: ``SystemError`` if this CPU cannot run them.
  public static func chooseKernels() throws(SystemError) {
    guard let name = Environment.value("UNROLL_KERNELS") else { return }
    guard KernelPath.force(name) else {
      throw SystemError(
        "UNROLL_KERNELS: found \"\(name)\", allowed: "
          + KernelPath.available.joined(separator: ", "))
    }
  }
}
