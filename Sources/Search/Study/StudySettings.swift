/// When a study decides.
public enum StudyOrder: Hashable, Sendable {
  /// With all results that have come so far. The fastest; two runs may differ.
  case arrival
  /// Leg j is decided with the results of legs up to j − window, and no others, in the order of their
  /// numbers: the same sweep for any speed and number of workers up to the window.
  case deterministic(window: Int)
}

/// What a study is made from, besides its sampler and its rule.
public struct StudySettings: Hashable, Sendable {
  /// How many trials there are, repeats included.
  public var trials: Int
  /// How many trials try the same setting: trial n tries setting n / `repeats`.
  public var repeats = 1
  /// Values that the first settings take, one each; the sampler chooses the rest. Values of paths that
  /// are not in the space are left out.
  public var known: [Assignment] = []
  /// The space, for what is known.
  public var space = Space()
  /// The seed of the sweep, for what neither a known point nor the sampler says.
  public var seed: UInt64 = 0
  /// When it decides.
  public var order = StudyOrder.arrival

  /// A study of so many trials.
  ///
  /// - Parameters:
  ///   - trials: How many there are.
  ///   - order: When it decides.
  public init(trials: Int, order: StudyOrder = .arrival) {
    self.trials = trials
    self.order = order
  }

  /// How many settings are tried.
  var settings: Int { (trials + repeats - 1) / repeats }

  /// The trials that try a setting.
  func trials(of setting: Int) -> Range<Int> {
    setting * repeats..<min((setting + 1) * repeats, trials)
  }

  /// The legs that may be out at a time beside the one that is decided; nil for any number.
  var window: Int? {
    if case .deterministic(let window) = order { window } else { nil }
  }
}
