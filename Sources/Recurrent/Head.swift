/// logits = features · weightᵀ + bias
///
/// Its products are those of a layer, with one panel of outputs a block, and always in S: what a model says
/// is not rounded.
///
/// Legend: R rows, H units, O outputs.
final class Head<S: Scalar> {
  private let kernels = S.kernels
  private let units: Int
  private let outputs: Int
  private let weight: Int
  private let bias: Int
  private let form: GatePanels<S>
  private let weights: Panels<S>
  private let backWeights: BackPanels<S>
  private let weightGradients: PanelGradients<S>
  /// [block][P]
  private let start: Buffer<S>
  /// [R, H] in panels.
  private let features = Matrix<S>()
  /// [R, O] in panels.
  private let upstreamPanels = Matrix<S>()
  /// [R, O]
  private let logits = Matrix<S>()
  /// [R, H]
  private let featureGradient = Matrix<S>()

  init(_ plan: ModelPlan, _ layout: ParameterLayout) {
    units = plan.outputWidth
    outputs = plan.outputs
    weight = layout.entry(plan.isTied ? "embedding.weight" : "head.weight").offset
    bias = layout.entry("head.bias").offset
    form = GatePanels(units: outputs, panels: 1, precision: .float32)
    weights = Panels(form, first: 0, gates: [0], inner: units)
    backWeights = BackPanels(form, first: 0, gates: [0], columns: units)
    weightGradients = PanelGradients(form, first: 0, gates: [0], inner: units)
    start = Buffer(count: form.columns)
  }

  func forward(
    _ features: UnsafeMutablePointer<S>, rows: Int, parameters: UnsafePointer<S>
  ) -> Matrix<S> {
    lay(features, rows, units, into: self.features)
    weights.pack(parameters + weight)
    start.pointer.copy(from: parameters + bias, count: outputs)
    logits.reshape(rows: rows, columns: outputs)
    form.multiplyPlain(
      self.features.pointer, rows: rows, inner: units, weights: weights, start: start.pointer,
      into: logits.pointer)
    return logits
  }

  /// Adds to the gradients of weight and bias; returns that of the features.
  ///
  /// - Precondition: A forward pass of as many rows went before.
  func backward(
    _ upstream: Matrix<S>, parameters: UnsafePointer<S>, gradient: UnsafeMutablePointer<S>
  ) -> UnsafeMutablePointer<S> {
    let rows = upstream.rows
    precondition(features.rows == rows, "a backward pass without a forward pass")
    lay(upstream.pointer, rows, outputs, into: upstreamPanels)
    backWeights.pack(parameters + weight)
    featureGradient.reshape(rows: rows, columns: units)
    form.multiplyBack(
      upstreamPanels.pointer, chunkRows: rows, rows: rows, weights: backWeights, columns: 0..<units,
      into: featureGradient.pointer, stride: units, adding: false)
    kernels.columnsAdd(rows, outputs, upstream.pointer, gradient + bias)
    weightGradients.zero()
    form.accumulate(
      features.pointer, gates: upstreamPanels.pointer, chunkRows: rows, inner: units,
      into: weightGradients)
    weightGradients.add(to: gradient + weight)
    return featureGradient.pointer
  }

  private func lay(
    _ from: UnsafePointer<S>, _ rows: Int, _ columns: Int, into panels: Matrix<S>
  ) {
    panels.reshape(rows: rows, columns: form.panels(columns) * form.width)
    form.lay(from, rows: rows, columns: columns, into: panels.pointer, panelRows: rows)
  }
}
