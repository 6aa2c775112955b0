/// Which way a layer walks over time.
enum Direction: CaseIterable {
  case forward
  case backward

  /// What PyTorch adds to the names of the parameters.
  var suffix: String { self == .forward ? "" : "_reverse" }
}

/// Where the parameters of one layer and direction lie in the flat buffer.
struct LayerParameters {
  /// [gates·H, I]
  let inputWeight: Int
  /// [gates·H, H]
  let recurrentWeight: Int
  /// [gates·H] each; a normalized layer has none.
  let inputBias, recurrentBias: Int?
  /// [3, H], of an LSTM with peepholes.
  let peephole: Int?
  /// [panels, H] each, of a normalized layer.
  let normWeight, normBias: Int

  init(_ layout: ParameterLayout, _ plan: ModelPlan, layer: Int, direction: Direction) {
    func offset(_ name: String) -> Int? {
      layout["recurrent.\(name)_l\(layer)\(direction.suffix)"]?.offset
    }
    guard let inputWeight = offset("weight_ih"), let recurrentWeight = offset("weight_hh") else {
      preconditionFailure("layer \(layer) has no weights")
    }
    (self.inputWeight, self.recurrentWeight) = (inputWeight, recurrentWeight)
    inputBias = offset("bias_ih")
    recurrentBias = offset("bias_hh")
    peephole = offset("weight_peephole")
    normWeight = offset("norm_weight") ?? 0
    normBias = offset("norm_bias") ?? 0
  }
}

/// The states of one layer and direction between two batches: [B, H] each.
struct LayerState<S: Scalar> {
  var hidden: UnsafePointer<S>
  /// c, if the cell has one; else anything.
  var memory: UnsafePointer<S>
}
