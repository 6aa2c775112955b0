import Orchestration
import Postgres
import Search
import Store

/// What a sweep is about, told from metrics: one of them as it is, or what is computed from several.
struct ObjectiveValue {
  private let name: String
  /// Nil for a metric as it is.
  private let computed: Search.Objective?

  /// - Throws: `StoreError`.
  init(_ database: Database, _ sweep: SweepReport, _ objective: Store.Objective) throws {
    name = objective.metric
    let json = try database.spec(sweep: sweep.id).text
    let spec = try? SweepSpec.stored(json, file: "spec", schema: .sweep)
    computed = spec?.objective.expression == nil ? nil : spec?.objective
  }

  /// A metric by its name, or the objective by its own, of whatever the others are known of; nil where
  /// they do not tell it.
  func value(_ metric: String, _ known: (String) -> Double?) -> Double? {
    guard metric == name, let computed else { return known(metric) }
    let value = computed.value(known)
    return value.isNaN ? nil : value
  }
}
