/// Which metric tells how good a trial is, or what is computed from several.
public struct Objective: Hashable, Sendable {
  /// The name of the metric, or the text of the expression.
  public let metric: String
  /// What is computed from metrics, by their names; nil for one metric as it is.
  public let expression: Expression?
  /// The split that it is measured on; never the test split.
  public let split: String
  /// Which values are good.
  public let goal: Goal

  /// The value of a trial from metrics on ``split``; not a number if one of them is missing.
  public func value(_ metric: (String) -> Double?) -> Double {
    guard let expression else { return metric(self.metric) ?? .nan }
    return expression.evaluate { metric($0).map(Value.number) }?.number ?? .nan
  }

  /// Whether an epoch counts for a trial in place of another: it is better in the first objective in
  /// which they differ. What is not a number is worse than any.
  public static func isBetter(_ losses: [Double], than others: [Double]) -> Bool {
    for (loss, other) in zip(losses, others) where loss != other {
      if loss.isNaN && other.isNaN { continue }
      return loss < other || other.isNaN
    }
    return false
  }
}

/// What bounds a sweep besides its number of trials.
public struct Limits: Hashable, Sendable {
  /// How many trials may run at once, if that is bounded.
  public let maxParallel: Int?
  /// How often a trial may fail before it is given up.
  public let maxFailures: Int
  /// How often a trial may lose its worker before it is given up.
  public let maxLosses: Int
}

/// What a user enqueues: a checked specification, with every default written out.
///
/// Two specifications are equal if they mean the same, however they were written.
public struct SweepSpec: Sendable {
  /// The name that the user gave it, if any.
  public let name: String?
  /// What the user wrote about it, if anything.
  public let description: String?
  /// The settings that are the same in all trials, by the paths of their fields, with defaults.
  /// A field without default that nobody set is not here.
  public let fixed: [String: Value]
  /// The settings that differ from trial to trial.
  public let space: Space
  /// What settings are in trials in which they are not there: those with conditions and a default.
  public let defaults: [String: Value]
  /// Points to try first, each of which leaves to the sampler what it does not name.
  public let known: [Assignment]
  /// How settings are chosen.
  public private(set) var search: SearchSettings
  /// When trials are stopped early.
  public let stop: StopSettings
  /// What makes a trial good, the most important first; at least one.
  public let objectives: [Objective]
  /// How many trials there are, exactly.
  public let trials: Int
  /// Where all random numbers of the sweep come from.
  public let seed: UInt64
  /// Less is sooner.
  public let priority: Int
  /// The workers that may run it.
  public let queue: String
  /// What bounds it.
  public let limits: Limits
  /// A text that makes enqueueing it twice the same as once, if the user gave one.
  public let idempotencyKey: String?
  /// The specification as canonical JSON text, which parses to an equal one in any order of its keys.
  public private(set) var json: String

  let file: String
  let positions: [String: Position]
  let chosen: Set<String>
  /// The counted grid, if that is how points are chosen.
  let grid: GridSampler?

  /// How points are chosen.
  public var sampler: SamplerKind { search.sampler }
  /// What makes a trial good; the most important of several.
  public var objective: Objective { objectives[0] }

  /// Reads a specification in YAML or JSON.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - file: What the error messages call it.
  ///   - schema: What it may say.
  /// - Returns: The checked specification.
  /// - Throws: All that is wrong with it.
  public static func parse(_ text: String, file: String, schema: SpecSchema) throws(SpecErrors)
    -> SweepSpec
  {
    let root: SpecNode
    do { root = try SpecReader.read(text, file: file) } catch { throw SpecErrors([error]) }
    return try SpecParser.parse(root, file: file, schema: schema)
  }

  /// Reads a specification as the database has it, with the changes that were made since it was enqueued.
  ///
  /// What the change of a parameter excludes is left out: parameters that are there only beside values
  /// that it can have no longer, and points to try.
  ///
  /// - Parameters:
  ///   - json: The specification.
  ///   - file: What the error messages call it; they tell no place, since nobody wrote the text.
  ///   - schema: What it may say.
  /// - Returns: The checked specification.
  /// - Throws: All that is wrong with it.
  public static func stored(_ json: String, file: String, schema: SpecSchema) throws(SpecErrors)
    -> SweepSpec
  {
    let root: SpecNode
    do { root = try SpecReader.read(json, file: file) } catch {
      throw SpecErrors([error]).withoutPlaces
    }
    do { return try SpecParser.parse(root, file: file, schema: schema, isChanged: true) } catch {
      throw error.withoutPlaces
    }
  }

  /// Reads a specification in YAML or JSON from the bytes of a file, which must be UTF-8.
  ///
  /// - Parameters:
  ///   - bytes: The bytes of the file.
  ///   - file: What the error messages call it.
  ///   - schema: What it may say.
  /// - Returns: The checked specification.
  /// - Throws: All that is wrong with it.
  public static func parse(_ bytes: [UInt8], file: String, schema: SpecSchema) throws(SpecErrors)
    -> SweepSpec
  {
    let root: SpecNode
    do { root = try SpecReader.read(bytes, file: file) } catch { throw SpecErrors([error]) }
    return try SpecParser.parse(root, file: file, schema: schema)
  }

  /// The same with the number of the sweep that it names to learn from.
  public func warmStarting(from sweep: Int) -> SweepSpec {
    var spec = self
    spec.search.warmStart = [sweep]
    spec.search.warmStartName = nil
    if let root = try? Value(json: json) {
      spec.json = root.setting(["search", "warm_start"], to: .list([.integer(sweep)])).json
    }
    return spec
  }

  /// All settings of a trial: those of the sweep, those that it was given, and the defaults of those
  /// that are not there.
  public func settings(_ assignment: Assignment) -> [String: Value] {
    let standing = fixed.merging(defaults) { value, _ in value }
    return assignment.reduce(into: standing) { $0[$1.path] = $1.value == .null ? nil : $1.value }
  }

  /// The sampler that the specification asks for.
  public func makeSampler() -> any Sampler {
    switch sampler {
    case .random: return RandomSampler(space, seed: seed)
    case .sobol: return SobolSampler(space, seed: seed)
    case .tpe:
      var options = TPEOptions()
      options.startupTrials = search.startup
      options.candidates = search.candidates
      options.multivariate = search.isMultivariate
      return TPESampler(space, options, objectives: objectives.count, seed: seed)
    case .gp: return GPSampler(space, seed: seed, startup: max(2, search.startup))
    case .pbt: return RandomSampler(space, seed: seed)
    case .grid:
      guard let grid else { preconditionFailure("a grid over a space without end was parsed") }
      return grid
    }
  }

  /// What judges its trials; it has seen nothing.
  ///
  /// - Parameter trials: How many there are, if that was changed; nil: as was asked for.
  /// - Returns: The rule.
  public func makeRule(trials: Int? = nil) -> any StopRule {
    let trials = trials ?? self.trials
    guard sampler == .pbt else {
      var stop = stop
      stop.trials = trials
      return makeStopRule(stop)
    }
    var population = search.population
    population.members = trials
    population.epochs = stop.epochs
    population.seed = seed
    return PopulationRule(population, space: space)
  }

  /// Whether a setting is searched or has another value than its default.
  ///
  /// This, and not what was written, tells whether a setting that has no effect was meant to have
  /// one: ``json`` writes all defaults out. But a metric that is named is chosen, whichever it is.
  public func isChosen(_ path: String) -> Bool { chosen.contains(path) }

  /// An error about a setting, at the place where the text says it, or else at its section.
  ///
  /// For those who know more than a schema can say: that two settings do not go together.
  public func error(_ path: String, _ message: String) -> SpecError {
    var place = path
    while !place.isEmpty, positions[place] == nil { place = SpecSchema.parent(of: place) }
    return SpecError(
      file: file, position: positions[place] ?? .start, path: path, message: message)
  }
}

extension SweepSpec: Hashable {
  /// Whether two specifications mean the same.
  public static func == (first: SweepSpec, second: SweepSpec) -> Bool {
    first.json == second.json
  }

  /// Hashes what the specification means.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(json)
  }
}
