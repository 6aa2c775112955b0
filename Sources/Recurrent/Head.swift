/// logits = features · weightᵀ + bias
///
/// Legend: R rows, H units, O outputs.
final class Head<S: Scalar> {
  private let kernels = S.kernels
  private let units: Int
  private let outputs: Int
  private let weight: Int
  private let bias: Int
  private var features: UnsafeMutablePointer<S>?
  /// [R, O]
  private let logits = Matrix<S>()
  /// [R, H]
  private let featureGradient = Matrix<S>()

  init(_ plan: ModelPlan, _ layout: ParameterLayout) {
    units = plan.outputWidth
    outputs = plan.outputs
    weight = layout.entry(plan.isTied ? "embedding.weight" : "head.weight").offset
    bias = layout.entry("head.bias").offset
  }

  func forward(
    _ features: UnsafeMutablePointer<S>, rows: Int, parameters: UnsafePointer<S>
  ) -> Matrix<S> {
    self.features = features
    logits.reshape(rows: rows, columns: outputs)
    kernels.rowsFill(rows, outputs, parameters + bias, logits.pointer)
    kernels.multiply(
      features, .plain, parameters + weight, .transposed, into: logits.pointer, rows: rows,
      columns: outputs, inner: units, adding: true)
    return logits
  }

  /// Adds to the gradients of weight and bias; returns that of the features.
  func backward(
    _ upstream: Matrix<S>, parameters: UnsafePointer<S>, gradient: UnsafeMutablePointer<S>
  ) -> UnsafeMutablePointer<S> {
    guard let features else { preconditionFailure("a backward pass without a forward pass") }
    featureGradient.reshape(rows: upstream.rows, columns: units)
    kernels.columnsAdd(upstream.rows, outputs, upstream.pointer, gradient + bias)
    kernels.multiply(
      upstream.pointer, .transposed, features, .plain, into: gradient + weight, rows: outputs,
      columns: units, inner: upstream.rows, adding: true)
    kernels.multiply(
      upstream.pointer, .plain, parameters + weight, .plain, into: featureGradient.pointer,
      rows: upstream.rows, columns: units, inner: outputs, adding: false)
    return featureGradient.pointer
  }
}
