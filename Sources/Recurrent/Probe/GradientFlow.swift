/// How gradients flow back through time in one layer: the textbook's question, measured on a model and
/// a batch of its own data.
public struct GradientFlow: Hashable, Sendable {
  /// One quantity at one distance from the end of the sequences.
  public struct Point: Hashable, Sendable {
    /// `state_gradient` and `memory_gradient`: ‖∂E/∂h_t‖ and ‖∂E/∂c_t‖, E the loss of a sequence.
    /// `jacobian`: the largest singular value of ∂h_T/∂h_{T-lag}, right to about 1 % unless the
    /// work that was allowed ends it early. `gate_i`, `gate_f`, `gate_o`,
    /// `gate_r`, `gate_z`: how far gates are open.
    public var measure: String
    /// T - t: steps before the last one of each sequence.
    public var lag: Int
    /// The mean over the sequences that are so long; of gates over all their units.
    public var mean: Double
    /// Of norms the tenth percentile; of gates the share below 0.1.
    public var low: Double
    /// The median.
    public var median: Double
    /// Of norms the ninetieth percentile; of gates the share above 0.9.
    public var high: Double
  }

  /// Whether the layer can learn what lies far back.
  public enum Verdict: String, Codable, Hashable, Sendable, CaseIterable {
    /// The Jacobian of the longest lag is below the threshold.
    case vanishing
    /// A Jacobian is above the threshold, or not finite.
    case exploding
    /// Neither.
    case healthy
  }

  /// The layer, from 0.
  public var layer: Int
  /// All that was measured, by measure and lag.
  public var points: [Point]
  /// The verdict by the thresholds.
  public var verdict: Verdict
  /// The longest lag of a Jacobian.
  public var lag: Int
  /// The median of its largest singular value.
  public var jacobian: Double
  /// The factor by which a gradient changes in one step back: jacobian^(1/lag).
  public var decay: Double
  /// Steps until it has changed by e: -1 / ln decay; infinite where it does not fall.
  public var memory: Double
  /// The largest modulus of an eigenvalue of the recurrent weights (of the candidate's, where there
  /// are gates).
  public var spectralRadius: Double
  /// ‖U‖ · max |σ'|, which bounds the Jacobian of one step of a layer without gates (Pascanu, Mikolov
  /// and Bengio 2013); nil for the others.
  public var normBound: Double?
  /// The multiply-adds that the measurement of the layer took, with its share of the passes.
  public var work: Int

  /// The verdict and its reason in one line.
  public var reason: String {
    guard lag > 0 else { return "sequences of one step: no gradient goes back through time" }
    let value = "‖∂h_T/∂h_(T-\(lag))‖ = \(jacobian.short)"
    switch verdict {
    case .vanishing:
      return "\(value): what lies \(lag) steps back hardly reaches the loss, "
        + "a factor of \(decay.short) a step"
    case .exploding: return "\(value), and above the threshold on the way: gradients burst"
    case .healthy: return "\(value): gradients reach \(lag) steps back"
    }
  }
}

/// What to measure, and where a verdict begins.
public struct FlowSettings: Codable, Hashable, Sendable {
  /// The most lags of a curve; they lie evenly.
  public var lags: Int
  /// Below this, the Jacobian of the longest lag is judged to have vanished.
  public var vanishing: Double
  /// Above this, a Jacobian is judged to have burst.
  public var exploding: Double

  /// Settings; by default 32 lags, 1e-4 and 1e3.
  public init(lags: Int = 32, vanishing: Double = 1e-4, exploding: Double = 1e3) {
    self.lags = lags
    self.vanishing = vanishing
    self.exploding = exploding
  }
}

extension Model {
  /// Measures how gradients flow back in every layer, on a batch and the loss of its results. Where layers
  /// walk both ways, the forward direction is measured.
  ///
  /// - Parameters:
  ///   - batch: Sequences.
  ///   - work: The multiply-adds that it may take, the passes over the batch included. It takes
  ///     ``leastFlowWork(_:)`` in any case; what is more makes singular values more exact, and then measures
  ///     those of further sequences, the longest ones, up to four.
  ///   - settings: Lags and thresholds.
  ///   - loss: Given the results, writes the gradient of the mean loss.
  /// - Returns: One measurement for each layer. The gradient of the parameters is lost.
  public func measureFlow(
    _ batch: PackedBatch<S>, work: Int = .max, _ settings: FlowSettings = FlowSettings(),
    loss: (Matrix<S>, Matrix<S>) -> Void
  ) -> [GradientFlow] {
    let upstream = Matrix<S>()
    loss(forward(batch), upstream)
    let probes = stages.map { stage in
      LayerProbe(stage.layers[0], plan, parameters.pointer, batch, unrolling, settings)
    }
    for probe in probes { probe.readActivations() }
    for stage in stages { stage.layers[0].keepsMemoryGradients = true }
    zeroGradient()
    backward(upstream)
    zeroGradient()
    for probe in probes { probe.readGradients() }
    for stage in stages { stage.layers[0].keepsMemoryGradients = false }
    let results = plan.readout == .every ? batch.rowCount : batch.sequenceCount
    let passes = FlowCost.passes(plan, rows: batch.rowCount, results: results)
    let spare = max(work - leastFlowWork(batch), 0) / probes.count
    let least = FlowCost.singularValues(plan, lags: FlowCost.lags(length: batch.stepCount))
    return probes.enumerated().map { index, probe in
      var flow = withDenormalsFlushed { probe.measure(layer: index, work: least + spare) }
      flow.work += passes / probes.count + (index == 0 ? passes % probes.count : 0)
      return flow
    }
  }
}
