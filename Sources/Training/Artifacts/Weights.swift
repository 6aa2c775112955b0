internal import Recurrent

extension Model where S == Float {
  /// Gives words the vectors that they have; the rows of other words stay as they are.
  ///
  /// - Throws: ``PlanError`` if the vectors are not as wide as the embedding.
  func embed(_ vectors: [String: [Float]], of tokens: [String]) throws(PlanError) {
    guard let table = layout["embedding.weight"] else { return }
    let width = table.shape[1]
    for (index, token) in tokens.enumerated().dropFirst(Vocabulary.special.count) {
      guard let vector = vectors[token] else { continue }
      guard vector.count == width else {
        throw PlanError(
          field: "model.embedding", found: "\(width)",
          allowed: "\(vector.count), the width of the vectors")
      }
      vector.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        (parameters.pointer + table.offset + index * width).update(from: base, count: width)
      }
    }
  }

  /// Takes all parameters from the bytes of a safetensors file.
  ///
  /// - Throws: ``ArtifactError`` if a parameter is missing or has another shape, or if there is one
  ///   that the model has not.
  func load(_ bytes: [UInt8], named name: String) throws(ArtifactError) {
    let tensors = try SafeTensors(decoding: bytes, named: name)
    try tensors.check(layout, plan, named: name)
    for entry in layout.entries {
      guard let tensor = tensors[entry.name] else { continue }
      tensor.elements.withUnsafeBufferPointer { elements in
        guard let base = elements.baseAddress else { return }
        (parameters.pointer + entry.offset).update(from: base, count: entry.count)
      }
    }
  }
}

extension SafeTensors {
  /// Refuses tensors that are not exactly the parameters of a model. The head's weight of a model whose
  /// head is tied to its embedding may be there, since PyTorch saves it too.
  func check(
    _ layout: ParameterLayout, _ plan: ModelPlan, named name: String
  ) throws(ArtifactError) {
    for entry in layout.entries {
      guard let tensor = self[entry.name], tensor.shape == entry.shape else {
        throw ArtifactError(
          artifact: name,
          found: self[entry.name].map { "\(entry.name) \(Self.shapeText($0.shape))" }
            ?? "no \(entry.name)",
          allowed: "\(entry.name) \(entry.shape)")
      }
    }
    let known = Set(layout.entries.map(\.name)).union(plan.isTied ? ["head.weight"] : [])
    if let other = tensors.first(where: { !known.contains($0.name) }) {
      throw ArtifactError(
        artifact: name, found: "\(other.name.quoted) \(Self.shapeText(other.shape))",
        allowed: "the tensors of this model alone: "
          + layout.entries.map(\.name).joined(separator: ", "))
    }
  }
}

extension Plan {
  /// Refuses weights to begin with that are not those of the plan's model.
  ///
  /// - Parameters:
  ///   - initial: The weights.
  ///   - data: The dataset made ready by the plan's data part.
  ///   - name: What the weights are called in an error.
  /// - Throws: ``ArtifactError`` that names the tensor, or ``PlanError``.
  public func check(initial: SafeTensors, for data: PreparedData, named name: String) throws {
    let network = try network(for: data.encoding)
    try initial.check(ParameterLayout(network), network, named: name)
  }
}
