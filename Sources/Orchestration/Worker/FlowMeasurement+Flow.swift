import Recurrent
import Store

extension FlowMeasurement {
  /// What the session measured, as the database keeps it.
  init(_ flow: GradientFlow, epoch: Int) {
    self.init(
      epoch: epoch, layer: flow.layer,
      points: flow.points.map {
        Point(
          measure: $0.measure, lag: $0.lag, mean: $0.mean, low: $0.low, median: $0.median,
          high: $0.high)
      }, verdict: flow.verdict.rawValue, reason: flow.reason, lag: flow.lag,
      jacobian: flow.jacobian, decay: flow.decay, memorySteps: flow.memory,
      spectralRadius: flow.spectralRadius, normBound: flow.normBound)
  }
}
