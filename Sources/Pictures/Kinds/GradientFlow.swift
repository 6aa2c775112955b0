/// How gradients flow back through time, and how far gates are open.
public struct GradientFlow: Sendable {
  /// The flow in a layer of one trial.
  public struct Trial: Sendable {
    /// What the legend says.
    public var name: String
    /// The largest singular value of ∂h_T/∂h_(T-lag) by lag, with its tenth and ninetieth percentile.
    public var jacobian: [Point]
    /// The interval around it.
    public var jacobianBand: [Band]
    /// The norm of the gradient of the loss by the state, by lag.
    public var gradient: [Point]
    /// The mean openness of each gate by lag.
    public var gates: [LinePlot.Line]

    /// A trial.
    public init(
      name: String, jacobian: [Point], jacobianBand: [Band] = [], gradient: [Point],
      gates: [LinePlot.Line] = []
    ) {
      (self.name, self.jacobian, self.jacobianBand) = (name, jacobian, jacobianBand)
      (self.gradient, self.gates) = (gradient, gates)
    }
  }

  /// Above the picture.
  public var title: String
  /// More about it.
  public var subtitle: String
  /// The trials, at most about eight.
  public var trials: [Trial]

  /// A picture.
  public init(title: String, subtitle: String = "", trials: [Trial]) {
    (self.title, self.subtitle, self.trials) = (title, subtitle, trials)
  }

  private static let lag = "lag, steps before the last one"

  /// The picture: what reaches back, the gradient of the loss, and the gates of the first four trials.
  public func picture() -> Picture {
    let isAlone = trials.count == 1
    var plots = [
      LinePlot(
        title: "What reaches back through time: the largest singular value of the Jacobian",
        horizontal: Self.lag,
        vertical: "‖∂h_T/∂h_(T-lag)‖", axis: .logarithmic,
        lines: trials.map {
          LinePlot.Line($0.name, $0.jacobian, band: isAlone ? $0.jacobianBand : [])
        }),
      LinePlot(
        title: "The gradient of the loss: its norm by the state", horizontal: Self.lag,
        vertical: "‖∂E/∂h‖",
        axis: .logarithmic, lines: trials.map { LinePlot.Line($0.name, $0.gradient) }),
    ]
    for trial in trials.prefix(4) where !trial.gates.isEmpty {
      plots.append(
        LinePlot(
          title: "Gates of \(trial.name)", horizontal: Self.lag,
          vertical: "mean openness, 0 to 1", axis: .linear, lines: trial.gates))
    }
    return LinePlot.picture(plots, title: title, subtitle: subtitle)
  }
}
