public import FoundationEssentials
import Postgres

/// A version of a model with a name: a row of `unroll.models`.
public struct NamedModel: Sendable, Hashable {
  /// Its name.
  public let name: String
  /// Its version, from 1.
  public let version: Int
  /// Whether the name alone stands for it.
  public let isNewest: Bool
  /// Its trial, or the trials whose answers it averages; none after it was withdrawn.
  public let trials: [Int]
  /// The objectives that its trials reached.
  public let objectives: [Double]
  /// What was said of it.
  public let comment: String?
  /// Database role that gave the name.
  public let promotedBy: String
  /// When.
  public let promotedAt: Date
  /// Database role that took it back.
  public let withdrawnBy: String?
  /// When.
  public let withdrawnAt: Date?

  init(_ row: Row) throws {
    name = try row["name"]
    version = try row["version"]
    isNewest = try row["is_newest"]
    trials = try row["trial_ids", as: [Int]?.self] ?? []
    objectives = try row["objectives", as: [Double]?.self] ?? []
    comment = try row["comment"]
    promotedBy = try row["promoted_by"]
    promotedAt = try row["promoted_at"]
    withdrawnBy = try row["withdrawn_by"]
    withdrawnAt = try row["withdrawn_at"]
  }
}

extension Database {
  /// Gives a model a name and returns its version: that of a trial, or the mean of several.
  public func promote(trials: [Int], name: String, comment: String? = nil) throws -> Int {
    try one(Promote(trials: trials, name: name, comment: comment))
  }

  /// Takes a version of a model back.
  public func withdraw(_ model: NamedModel) throws {
    try run(Withdraw(name: model.name, version: model.version))
  }

  /// The models with names, by name, newest version first; of one name or all.
  public func models(named name: String? = nil) throws -> [NamedModel] {
    try all(ListModels(name: name))
  }

  /// A model: the newest version of a name, or `NAME@VERSION`.
  public func model(_ reference: String) throws -> NamedModel {
    let parts = reference.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.first.map(String.init) ?? ""
    let known = try models(named: name)
    guard !known.isEmpty else {
      let names = try models().filter(\.isNewest).map(\.name)
      throw StoreError(
        .notFound,
        "no model \"\(name)\"; "
          + (names.isEmpty
            ? "there are none yet: unroll promote TRIAL --as NAME"
            : "there are: " + names.joined(separator: ", ")))
    }
    let kept = known.filter { !$0.trials.isEmpty }
    let found =
      parts.count == 1 ? kept.first : kept.first { "\($0.version)" == parts[1] }
    guard let found else {
      throw StoreError(
        .notFound,
        "model \"\(reference)\" is not here; "
          + (kept.isEmpty
            ? "all versions were withdrawn"
            : "there are: " + kept.map { "\(name)@\($0.version)" }.joined(separator: ", ")))
    }
    return found
  }
}

private struct Promote: Statement {
  static let sql = "select unroll.promote($1::bigint[], $2, $3)"
  let trials: [Int]
  let name: String
  let comment: String?
  var parameters: [any PostgresEncodable] { [trials, name, comment] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct Withdraw: Statement {
  typealias Output = Void
  static let sql = "select unroll.withdraw($1, $2::int)"
  let name: String
  let version: Int
  var parameters: [any PostgresEncodable] { [name, version] }
}

struct ListModels: Statement {
  static let sql = """
    select * from unroll.models where $1::text is null or name = $1 order by name, version desc
    """
  let name: String?
  var parameters: [any PostgresEncodable] { [name] }
  static func decode(_ row: Row) throws -> NamedModel { try NamedModel(row) }
}
