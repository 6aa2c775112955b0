/// Keys that belong together, under a key of their own.
public struct Section: Hashable, Sendable {
  /// The keys from the top down, joined by points: `training.schedule`.
  public let path: String
  /// What it is about, in one line.
  public let summary: String
  /// The key that a lone value stands for: with `kind`, `schedule: cosine` is
  /// `schedule: {kind: cosine}`.
  public let shorthand: String?

  /// Describes a section.
  public init(_ path: String, _ summary: String, shorthand: String? = nil) {
    self.path = path
    self.summary = summary
    self.shorthand = shorthand
  }
}

/// What is best: the least or the greatest value of a metric.
public enum Goal: String, Hashable, Sendable, CaseIterable {
  /// The least value is the best.
  case minimize
  /// The greatest value is the best.
  case maximize

  /// A value turned so that less is better; the same turns it back.
  public func loss(of value: Double) -> Double { self == .maximize ? -value : value }
}

/// A number that trials report and that a sweep can be judged by.
public struct Metric: Hashable, Sendable {
  /// Its name in the specification and in the database.
  public let name: String
  /// Which values of it are good.
  public let goal: Goal
  /// What it means, in one line.
  public let summary: String

  /// Describes a metric.
  public init(_ name: String, _ goal: Goal, _ summary: String) {
    self.name = name
    self.goal = goal
    self.summary = summary
  }
}

/// All that a specification may say: the fields that Search has itself, and those passed in.
public struct SpecSchema: Hashable, Sendable {
  /// The fields, in the order in which they were described.
  public let fields: [Field]
  /// The sections, those without a description too, by path.
  public let sections: [String: Section]
  /// The fields that were passed in: what a trial is trained with.
  let settings: [Field]
  /// The metrics that a sweep can be judged by; the first one is the default.
  public let metrics: [Metric]
  /// What stands directly under each section, in the order of description; the top is "".
  let children: [String: [String]]
  /// The fields by path.
  let fieldsByPath: [String: Field]

  /// Describes specifications.
  ///
  /// - Parameters:
  ///   - fields: The fields of the sections that Search has not itself, such as `model`.
  ///   - sections: Descriptions and shorthands of sections.
  ///   - metrics: The metrics that a sweep can be judged by; the first one is the default.
  /// - Precondition: No path is described twice or is both a field and a section; there is a metric.
  public init(fields: [Field], sections: [Section] = [], metrics: [Metric]) {
    precondition(!metrics.isEmpty, "a sweep is judged by a metric")
    let own = SweepSpec.ownFields(metrics: metrics)
    let head = own.filter { $0.path == "name" || $0.path == "description" }
    self.fields = head + fields + own.filter { !head.contains($0) }
    self.metrics = metrics
    settings = fields
    var described: [String: Section] = [:]
    for section in SweepSpec.ownSections + sections {
      precondition(described[section.path] == nil, "\(section.path) is described twice")
      described[section.path] = section
    }
    var children: [String: [String]] = ["": []]
    var fieldsByPath: [String: Field] = [:]
    for field in self.fields {
      precondition(fieldsByPath[field.path] == nil, "\(field.path) is described twice")
      fieldsByPath[field.path] = field
      var path = field.path
      while !path.isEmpty {
        let parent = Self.parent(of: path)
        let siblings = children[parent, default: []]
        if !siblings.contains(path) { children[parent] = siblings + [path] }
        if !parent.isEmpty, described[parent] == nil { described[parent] = Section(parent, "") }
        path = parent
      }
    }
    for section in described.values {
      precondition(fieldsByPath[section.path] == nil, "\(section.path) is a field and a section")
      if let key = section.shorthand {
        precondition(
          fieldsByPath["\(section.path).\(key)"] != nil, "\(section.path) has no field \(key)")
      }
    }
    self.sections = described
    self.children = children
    self.fieldsByPath = fieldsByPath
  }

  /// The field at a path.
  public func field(_ path: String) -> Field? { fieldsByPath[path] }

  /// The path without its last key; "" at the top.
  static func parent(of path: String) -> String {
    path.lastIndex(of: ".").map { String(path[..<$0]) } ?? ""
  }

  /// The last key of a path.
  static func lastKey(of path: String) -> String {
    path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
  }
}
