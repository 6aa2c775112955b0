/// Where each parameter lies in one flat buffer, with PyTorch's names and shapes.
///
/// Every parameter starts on a 64-byte boundary; the gaps hold zeros for ever. Gradients and the
/// moments of an optimizer have the same layout, so that clipping, an optimizer's step and a
/// checkpoint are one loop each.
public struct ParameterLayout: Hashable, Sendable {
  /// One parameter.
  public struct Entry: Hashable, Sendable {
    /// PyTorch's name, such as `recurrent.weight_ih_l0`.
    public let name: String
    /// The lengths of its axes, row-major.
    public let shape: [Int]
    /// The index of its first scalar in the flat buffer.
    public let offset: Int

    /// The number of its scalars.
    public var count: Int { shape.reduce(1, *) }
    /// Its place in the flat buffer.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// The parameters in the order of the flat buffer.
  public private(set) var entries: [Entry] = []
  /// The size of the flat buffer, gaps included.
  public private(set) var bufferCount = 0

  /// The layout of a model.
  public init(_ plan: ModelPlan) {
    plan.check()
    if case .tokens(let vocabulary, let embedding) = plan.input {
      add("embedding.weight", [vocabulary, embedding])
    }
    let sums = plan.gates * plan.hidden
    for layer in 0..<plan.layers {
      add("recurrent.weight_ih_l\(layer)", [sums, layer == 0 ? plan.inputWidth : plan.hidden])
      add("recurrent.weight_hh_l\(layer)", [sums, plan.hidden])
      add("recurrent.bias_ih_l\(layer)", [sums])
      add("recurrent.bias_hh_l\(layer)", [sums])
    }
    add("head.weight", [plan.outputs, plan.hidden])
    add("head.bias", [plan.outputs])
  }

  /// The number of parameters, gaps not counted.
  public var parameterCount: Int { entries.reduce(0) { $0 + $1.count } }

  /// The parameter with a name, or nil.
  public subscript(name: String) -> Entry? { entries.first { $0.name == name } }

  /// The parameter with a name that is known to be there.
  func entry(_ name: String) -> Entry {
    guard let entry = self[name] else { preconditionFailure("no parameter is named \(name)") }
    return entry
  }

  private mutating func add(_ name: String, _ shape: [Int]) {
    let entry = Entry(name: name, shape: shape, offset: bufferCount)
    entries.append(entry)
    // 16 floats or 8 doubles are 64 bytes; one layout serves both.
    bufferCount += (entry.count + 15) / 16 * 16
  }
}
