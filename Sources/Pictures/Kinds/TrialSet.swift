/// A hyperparameter as an axis.
public struct ParameterAxis: Sendable, Hashable {
  /// How its values lie.
  public enum Kind: Sendable, Hashable {
    /// Even steps.
    case linear
    /// Even steps of whole numbers.
    case whole
    /// Powers of ten.
    case logarithmic
    /// Names, without an order: a value is the place of its name, from 0.
    case names([String])
  }

  /// What it is called.
  public var name: String
  /// How its values lie.
  public var kind: Kind

  /// An axis.
  public init(_ name: String, _ kind: Kind) {
    (self.name, self.kind) = (name, kind)
  }

  var scaleKind: ScaleKind {
    switch kind {
    case .linear: .linear
    case .whole: .whole
    case .logarithmic: .logarithmic
    case .names(let names): .names(names)
    }
  }

  var isNamed: Bool { if case .names = kind { true } else { false } }
}

/// What trials tried and what they reached.
public struct TrialSet: Sendable {
  /// One trial.
  public struct Trial: Sendable {
    /// Its number, as a person names it.
    public var id: Int
    /// A value for each hyperparameter; nil for one that it did not have.
    public var values: [Double?]
    /// What it reached.
    public var objective: Double

    /// A trial.
    public init(id: Int, values: [Double?], objective: Double) {
      (self.id, self.values, self.objective) = (id, values, objective)
    }
  }

  /// Above the picture.
  public var title: String
  /// More about it.
  public var subtitle: String
  /// The hyperparameters that varied, the most important first if that is known.
  public var parameters: [ParameterAxis]
  /// What the objective measures.
  public var objective: String
  /// Whether less of it is better.
  public var isLessBetter: Bool
  /// The trials, in the order in which they were made. One whose objective is not finite is left out.
  public var trials: [Trial]

  /// Trials.
  public init(
    title: String, subtitle: String = "", parameters: [ParameterAxis], objective: String,
    isLessBetter: Bool, trials: [Trial]
  ) {
    (self.title, self.subtitle, self.parameters) = (title, subtitle, parameters)
    (self.objective, self.isLessBetter) = (objective, isLessBetter)
    self.trials = trials.filter {
      abs($0.objective) < 1e150 && $0.values.count == parameters.count
    }
  }

  // MARK: Within the module

  /// An axis on which the bulk of the objectives has a place, and the best in any case.
  var objectiveAxis: Axis {
    let values = trials.map(\.objective)
    // Of shares such as accuracy, what matters is how far they are from one.
    let kind =
      isLessBetter && Extent.spansDecades(values) ? ScaleKind.logarithmic : .linear
    let best = Extent(best.map { [$0.objective] } ?? [], kind: kind)
    let extent = Extent.bulk(values, kind: kind)
    return Axis(
      title: objectiveTitle + (kind == .logarithmic ? ", logarithmic" : ""), kind: kind,
      extent: extent.map { $0.joined(best) } ?? best)
  }

  var objectiveTitle: String {
    "\(objective) (\(isLessBetter ? "less" : "more") is better)"
  }

  var best: Trial? {
    trials.min { isBetter($0.objective, $1.objective) }
  }

  func isBetter(_ first: Double, _ second: Double) -> Bool {
    isLessBetter ? first < second : first > second
  }

  /// Trials from the worst to the best, for the best to lie on top: of equal ones the first, as in ``best``.
  var worstFirst: [Trial] { trials.sorted { isBetter($0.objective, $1.objective) }.reversed() }

  /// How good an objective is, from 0 to 1, along an axis.
  func quality(_ objective: Double, _ axis: Scale) -> Double {
    guard let place = axis.place(objective) else { return 0 }
    let share = min(max((place - axis.start) / (axis.end - axis.start), 0), 1)
    return isLessBetter ? 1 - share : share
  }

  func axis(_ index: Int) -> Axis {
    let parameter = parameters[index]
    let kind = parameter.scaleKind
    return Axis(
      title: parameter.name + (kind == .logarithmic ? " (logarithmic)" : ""), kind: kind,
      extent: Extent(trials.compactMap { $0.values[index] }, kind: kind))
  }

  /// How many trials have an objective beyond an axis.
  func beyond(_ axis: Scale) -> Int {
    let (low, high) = (min(axis.start, axis.end) - 0.5, max(axis.start, axis.end) + 0.5)
    return trials.count { trial in
      axis.place(trial.objective).map { $0 < low || $0 > high } ?? true
    }
  }

  func noteBeyond(_ axis: Scale) -> [String] {
    let count = beyond(axis)
    guard count > 0 else { return [] }
    return [
      "\(NumberText.count(count)) of \(NumberText.count(trials.count)) trials reached values far beyond the axis."
    ]
  }

  /// How many trials have a value without a place on the axis of one of the first hyperparameters: from before
  /// its range became logarithmic.
  func noteUnplaced(_ count: Int) -> [String] {
    let logarithmic = parameters.indices.prefix(count).filter {
      parameters[$0].scaleKind == .logarithmic
    }
    let unplaced = trials.count { trial in
      logarithmic.contains { place in trial.values[place].map { $0 <= 0 } ?? false }
    }
    guard unplaced > 0 else { return [] }
    return [
      "\(NumberText.count(unplaced)) of \(NumberText.count(trials.count)) trials have values that no logarithmic axis has."
    ]
  }

  /// Which hyperparameters are not among the first so many, which are drawn.
  func noteBeside(_ count: Int) -> [String] {
    let rest = parameters.dropFirst(count).map(\.name)
    return rest.isEmpty ? [] : ["Not drawn: \(rest.joined(separator: ", "))."]
  }

  static let nothing = "There is no trial with a finite objective to draw yet."
}

/// Many dots as few elements.
struct Dots {
  private var places: [[String]] = []
  private var seen: [Set<String>] = []
  private let radius: Double
  private let isDense: Bool

  /// - Parameters:
  ///   - count: How many dots there will be: more of them are smaller.
  ///   - classes: How many colours.
  init(count: Int, classes: Int) {
    radius = count > 3000 ? 1.5 : count > 400 ? 2.3 : 3.5
    isDense = count > 3000
    places = Array(repeating: [], count: classes)
    seen = Array(repeating: [], count: classes)
  }

  mutating func add(_ x: Double, _ y: Double, _ colour: Int) {
    // Dots of one colour that share a pixel are one dot.
    let text =
      isDense ? "M\(Drawing.point(x.rounded(), y.rounded()))h0" : "M\(Drawing.point(x, y))h0"
    if seen[colour].insert(text).inserted { places[colour].append(text) }
  }

  /// Draws them; the class of a colour is `prefix` and its number.
  func draw(_ drawing: inout Drawing, _ prefix: String) {
    for (index, places) in places.enumerated() {
      drawing.path(
        places.joined(), "\(prefix)\(index)", width: 2 * radius, opacity: isDense ? 0.8 : 0.9,
        isRound: true)
    }
  }
}
