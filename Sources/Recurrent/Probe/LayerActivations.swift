/// What the forward pass of a layer left, in Double and row by row, before the way back makes gradients
/// of it.
///
/// Legend: N rows, B sequences, H units.
struct LayerActivations {
  /// By the panels of the layer, [N, H] each.
  let gates: [Buffer<Double>]
  /// The same, of a normalized layer: the sums brought to mean 0 and deviation 1.
  let normalized: [Buffer<Double>]
  /// 1 / deviation of the sums, [N] for each panel of a normalized layer.
  let reciprocals: [Buffer<Double>]
  /// h, and c and tanh(c) of an LSTM: [B + N, H], [B + N, H], [N, H].
  let hidden, memory, squashed: Buffer<Double>

  @_specialize(where S == Float)
  init<S: Scalar>(_ layer: RecurrentLayer<S>, _ unrolling: Unrolling) {
    let (units, form) = (layer.units, layer.form)
    func rows(of matrix: Matrix<S>, panel: Int) -> Buffer<Double> {
      let values = Buffer<Double>(count: unrolling.rows * units)
      for chunk in unrolling.chunks {
        let base = matrix.row(chunk.start)
        for unit in 0..<units {
          let from =
            base + form.offset(block: unit / form.width, panel: panel, rows: chunk.rows)
            + unit % form.width
          for row in 0..<chunk.rows {
            values.pointer[(chunk.start + row) * units + unit] = Double(from[row * form.width])
          }
        }
      }
      return values
    }
    func copy(_ from: UnsafePointer<S>, _ count: Int) -> Buffer<Double> {
      let values = Buffer<Double>(count: count)
      for index in 0..<count { values.pointer[index] = Double(from[index]) }
      return values
    }
    let panels = 0..<form.panels
    gates = panels.map { rows(of: layer.gates, panel: $0) }
    normalized =
      layer.normalization.map { norm in panels.map { rows(of: norm.normalized, panel: $0) } } ?? []
    reciprocals =
      layer.normalization.map { norm in
        panels.map { copy(norm.reciprocals.row($0), unrolling.rows) }
      } ?? []
    hidden = copy(layer.hidden.pointer, layer.hidden.count)
    memory = copy(layer.memory.pointer, layer.memory.count)
    squashed = copy(layer.kept.pointer, layer.cell.hasMemory ? layer.kept.count : 0)
  }
}
