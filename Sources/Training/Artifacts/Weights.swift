internal import Recurrent

extension Model where S == Float {
  /// Takes all parameters from the bytes of a safetensors file.
  ///
  /// - Throws: ``ArtifactError`` if a parameter is missing or has another shape.
  func load(_ bytes: [UInt8], named name: String) throws(ArtifactError) {
    let tensors = try SafeTensors(decoding: bytes)
    for entry in layout.entries {
      guard let tensor = tensors[entry.name], tensor.shape == entry.shape else {
        throw ArtifactError(
          artifact: name,
          found: tensors[entry.name].map { "\(entry.name) \($0.shape)" } ?? "no \(entry.name)",
          allowed: "\(entry.name) \(entry.shape)")
      }
      tensor.elements.withUnsafeBufferPointer { elements in
        guard let base = elements.baseAddress else { return }
        (parameters.pointer + entry.offset).update(from: base, count: entry.count)
      }
    }
  }
}
