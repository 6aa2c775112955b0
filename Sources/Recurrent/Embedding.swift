/// The distinct tokens of a batch, in the order in which they appear, and their rows of the table.
final class Embedding<S: Scalar> {
  private let kernels = S.kernels
  private let offset: Int
  private let width: Int
  /// For each token of the vocabulary its place among the distinct ones, or -1.
  private var places: [Int32]
  /// The distinct tokens of the last batch.
  private var tokens: [Int32] = []
  /// For each row of the batch, the place of its token.
  private var index: [Int32] = []
  /// [U, E]
  private let rows = Matrix<S>()

  /// The embedding of a layout that has one.
  init?(_ layout: ParameterLayout) {
    guard let entry = layout["embedding.weight"] else { return nil }
    offset = entry.offset
    width = entry.shape[1]
    places = Array(repeating: -1, count: entry.shape[0])
  }

  func forward(_ batch: PackedBatch<S>, parameters: UnsafePointer<S>) -> LayerInput<S> {
    find(batch.tokens)
    rows.reshape(rows: tokens.count, columns: width)
    kernels.rowsGather(tokens.count, width, tokens, parameters + offset, rows.pointer)
    return input
  }

  /// What the last batch gave to the first layer.
  var input: LayerInput<S> {
    LayerInput(pointer: rows.pointer, count: tokens.count, index: index)
  }

  /// Adds the gradient of the distinct rows [U, E] to the gradient of the table.
  func backward(_ upstream: Matrix<S>, _ gradient: Gradient<S>) {
    tokens.withUnsafeBufferPointer { gradient.use(rows: $0) }
    kernels.rowsScatterAdd(
      tokens.count, width, tokens, nil, upstream.pointer, gradient.buffer.pointer + offset)
  }

  private func find(_ batch: [Int32]) {
    tokens.removeAll(keepingCapacity: true)
    index.removeAll(keepingCapacity: true)
    for token in batch {
      precondition(
        0 <= token && token < places.count, "token \(token) of a vocabulary of \(places.count)")
      if places[Int(token)] < 0 {
        places[Int(token)] = Int32(tokens.count)
        tokens.append(token)
      }
      index.append(places[Int(token)])
    }
    for token in tokens { places[Int(token)] = -1 }
  }
}
