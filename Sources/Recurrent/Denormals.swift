import CKernels

/// Runs `body` with denormal numbers treated as zero on this thread; restores the former state.
///
/// Gradients that vanish through time become denormal, and each operation on such a number costs a
/// hundred times as much. On CPUs without the switch this does nothing.
public func withDenormalsFlushed<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let state = kernel_denormals_flush()
  defer { kernel_denormals_restore(state) }
  return try body()
}
