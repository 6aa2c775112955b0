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
    for layer in 0..<plan.layers {
      for direction in Direction.allCases.prefix(plan.directions) {
        add(plan, layer: layer, "l\(layer)\(direction.suffix)")
      }
    }
    if !plan.isTied { add("head.weight", [plan.outputs, plan.outputWidth]) }
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

  private mutating func add(_ plan: ModelPlan, layer: Int, _ suffix: String) {
    let sums = plan.gates * plan.hidden
    let width = layer == 0 ? plan.inputWidth : plan.outputWidth
    add("recurrent.weight_ih_\(suffix)", [sums, width])
    add("recurrent.weight_hh_\(suffix)", [sums, plan.hidden])
    if plan.normalization == .layer {
      // A GRU that resets after the product has two sums for its candidate.
      let panels = plan.cell == .gru && !plan.resetBefore ? 4 : plan.gates
      add("recurrent.norm_weight_\(suffix)", [panels, plan.hidden])
      add("recurrent.norm_bias_\(suffix)", [panels, plan.hidden])
    } else {
      add("recurrent.bias_ih_\(suffix)", [sums])
      add("recurrent.bias_hh_\(suffix)", [sums])
    }
    if plan.peepholes { add("recurrent.weight_peephole_\(suffix)", [3, plan.hidden]) }
  }

  private mutating func add(_ name: String, _ shape: [Int]) {
    let entry = Entry(name: name, shape: shape, offset: bufferCount)
    entries.append(entry)
    // 16 floats or 8 doubles are 64 bytes; one layout serves both.
    bufferCount += (entry.count + 15) / 16 * 16
  }
}
