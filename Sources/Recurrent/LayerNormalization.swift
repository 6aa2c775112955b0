/// Layer normalization (Ba, Kiros and Hinton 2016) of the sums of each gate over the units of a layer.
final class LayerNormalization<S: Scalar> {
  private let kernels = S.kernels
  private let form: GatePanels<S>
  /// [N, panels], as the gates lie.
  let normalized = Matrix<S>()
  /// [panels, N]
  let reciprocals = Matrix<S>()

  init(_ form: GatePanels<S>) { self.form = form }

  func reshape(rows: Int) {
    normalized.reshape(rows: rows, columns: form.columns)
    reciprocals.reshape(rows: form.panels, columns: rows)
  }

  /// weight, bias: [panels, H].
  func forward(
    panel: Int, _ step: Unrolling.Step, _ chunk: Unrolling.Chunk, _ gates: UnsafeMutablePointer<S>,
    weight: UnsafePointer<S>, bias: UnsafePointer<S>
  ) {
    kernels.normalizeForward(
      step.rows, form.units, blockStride(chunk),
      gates + form.offset(block: 0, panel: panel, rows: chunk.rows), weight + panel * form.units,
      bias + panel * form.units, place(panel, step, chunk), reciprocals.row(panel) + step.start)
  }

  func backward(
    panel: Int, _ step: Unrolling.Step, _ chunk: Unrolling.Chunk, _ gates: UnsafeMutablePointer<S>,
    weight: UnsafePointer<S>, weightGradient: UnsafeMutablePointer<S>,
    biasGradient: UnsafeMutablePointer<S>
  ) {
    let offset = panel * form.units
    kernels.normalizeBackward(
      step.rows, form.units, blockStride(chunk),
      gates + form.offset(block: 0, panel: panel, rows: chunk.rows), weight + offset,
      place(panel, step, chunk), reciprocals.row(panel) + step.start, weightGradient + offset,
      biasGradient + offset)
  }

  private func blockStride(_ chunk: Unrolling.Chunk) -> Int {
    form.panels * chunk.rows * form.width
  }

  private func place(
    _ panel: Int, _ step: Unrolling.Step, _ chunk: Unrolling.Chunk
  ) -> UnsafeMutablePointer<S> {
    normalized.row(chunk.start) + (step.start - chunk.start) * form.width
      + form.offset(block: 0, panel: panel, rows: chunk.rows)
  }
}
